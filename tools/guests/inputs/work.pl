# A bit of everything that Perl does: patterns, hashes, sorting, formats, packing, closures, processes.
use strict;
use warnings;
no warnings "recursion";
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha256_hex);
use List::Util qw(sum max reduce);
use POSIX qw(floor fmod strftime);
use Encode qw(encode decode);

my $text = "the quick brown fox jumps over the lazy dog " x 2000;
my %count;
$count{$_}++ for $text =~ /(\w+)/g;
print join(" ", map { "$_=$count{$_}" } sort keys %count), "\n";
(my $changed = $text) =~ s/(\w)(\w*)/\U$1\E$2/g;
print md5_hex($changed), " ", sha256_hex($text), "\n";
my @numbers = map { ($_ * 7919) % 10007 } 1 .. 5000;
my @sorted = sort { $a <=> $b || $b cmp $a } @numbers;
print "@sorted[0 .. 5] ", sum(@sorted), " ", max(@numbers), " ", (reduce { ($a * 31 + $b) % 1000003 } @sorted), "\n";
printf "%.15g %.3e %5.2f|%-8s|%08b %s\n", 0.1 + 0.2, 1 / 3, floor(-2.5), "left", 181, fmod(17, 5.5);
print join(",", map { sprintf "%.17g", $_ } sin(1), exp(1), sqrt(2), atan2(1, 1) * 4, 10 ** -20), "\n";
print unpack("H*", pack("N n C a4 d<", 0xdeadbeef, 513, 7, "abcd", 1.25)), "\n";
my $bytes = encode("UTF-8", "\x{20ac}uro \x{e4}");
print length($bytes), " ", length(decode("UTF-8", $bytes)), " ", scalar reverse("abc"), " ", lc("ABC") . ucfirst("def"), "\n";
my @stack = (sub { my $n = shift; sub { $n += shift } })->(10);
print join(" ", map { $stack[0]->($_) } 1 .. 5), "\n";
my $depth = 0;
sub ackermann { my ($m, $n) = @_; $depth++; $m == 0 ? $n + 1 : $n == 0 ? ackermann($m - 1, 1) : ackermann($m - 1, ackermann($m, $n - 1)) }
print ackermann(2, 60), " $depth\n";
print strftime("%Y-%m-%d %H:%M:%S", gmtime(1e9)), "\n";
eval { die { code => 42 } };
print "died with $@->{code}\n";
my $pid = open(my $pipe, "-|") // die;
if (!$pid) { print "from the child\n"; exit 5; }
print <$pipe>;
close $pipe;
print "status ", $? >> 8, " ", `echo shell | tr a-z A-Z`;
