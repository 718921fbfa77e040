#!/usr/bin/perl
# What an admin would write: perl and flock, one small file per domain.
use strict;
use warnings;
use Fcntl qw(:flock O_RDWR O_CREAT);

my $limit = 1_000_000;
my ($host, $sender) = @ARGV;
my $domain = lc(($sender =~ /\@([^\@]*)\z/) ? $1 : '-');
$domain =~ s/[^a-z0-9.-]/_/g;
$domain =~ s/^\./_/;
my $hour = int(time / 3600);
my $path = "$ENV{ADMIN_STATE}/$domain";

sub later { print "Z$_[0] (#4.3.0)\n\0"; exit 0 }

# Changes the counters under the lock; the code given sees and changes the hash.
sub counted {
	my ($change) = @_;
	sysopen(my $file, $path, O_RDWR | O_CREAT, 0600) or later('counters not available');
	flock($file, LOCK_EX) or later('counters not available');
	my %c = (hour => $hour, admitted => 0, sent => 0, deferred => 0, failed => 0);
	if (defined(my $line = <$file>)) {
		my @old = split ' ', $line;
		@c{qw(admitted sent deferred failed)} = @old[1 .. 4] if @old == 5 && $old[0] == $hour;
	}
	my $answer = $change->(\%c);
	seek($file, 0, 0);
	truncate($file, 0);
	print $file join(' ', @c{qw(hour admitted sent deferred failed)}), "\n";
	close($file) or later('counters not available');
	return $answer;
}

later("Domain $domain has exceeded the max emails per hour.")
    unless counted(sub { $_[0]{admitted} < $limit && ++$_[0]{admitted} });

my $pid = open(my $remote, '-|', $ENV{QLIMIT_REMOTE}, @ARGV) or later('no qmail-remote');
my $report = '';
while (sysread($remote, my $bytes, 4096)) {
	syswrite(STDOUT, $bytes);
	$report .= $bytes;
}
close($remote);
my $status = $?;
my ($letter) = map { /^([KZD])/ ? $1 : () } split /\0/, $report;
my $outcome = { K => 'sent', Z => 'deferred', D => 'failed' }->{ $letter // 'D' };
counted(sub { ++$_[0]{$outcome} });
kill($status & 127, $$) if $status & 127;
exit($status >> 8);
