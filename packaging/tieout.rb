# A Homebrew formula for a tap: fill in the address and the digest of the release's source archive.
class Tieout < Formula
  desc "Ties Stripe out to NetSuite: pull, derive, plan, push, and prove it to the cent"
  homepage "HOMEPAGE"
  url "SOURCE_ARCHIVE_URL"
  sha256 "SOURCE_ARCHIVE_SHA256"
  license "MIT"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"tieout", "completions")
    system bin/"tieout", "man", "--out", man1
  end

  test do
    system bin/"tieout", "self-test"
  end
end
