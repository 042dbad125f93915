// XXH64 against the values its author published or his command-line tool prints.
#include "io/hash.h"

#include <doctest/doctest.h>

#include <string>

using namespace striate;

TEST_CASE("xxh64: known values") {
  const auto hash = [](const std::string& text, uint64_t seed = 0) { return xxh64(text.data(), text.size(), seed); };
  CHECK(hash("") == 0xEF46DB3751D8E999u);
  CHECK(hash("a") == 0xD24EC4F1A98C6E5Bu);
  CHECK(hash("abc") == 0x44BC2CF5AD770999u);
  CHECK(hash("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1u);  // 39 bytes: lanes and every tail
  CHECK(hash("", 1) != hash(""));
  CHECK(hash_text(0x44BC2CF5AD770999u) == "44bc2cf5ad770999");
  CHECK(hash_text(7) == "0000000000000007");
}
