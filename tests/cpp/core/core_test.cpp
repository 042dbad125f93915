// Shapes, tensors, random numbers and the thread team.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "core/progress.h"
#include "striate/device.h"
#include "striate/error.h"
#include "striate/random.h"

using namespace striate;

TEST_CASE("shapes know their elements, also where sizes are unknown") {
  const Shape shape{kUnknown, 28, 28, 1};
  CHECK(!shape.known());
  CHECK(shape.text() == "(None, 28, 28, 1)");
  CHECK(shape.product(1, 4) == 784);
  CHECK(shape.with(0, 7).elements() == 7 * 784);
  CHECK(compatible(shape.with(0, 3), shape));
  CHECK(!compatible(Shape{3, 28, 28, 2}, shape));
  CHECK(Shape{}.elements() == 1);
}

TEST_CASE("impossible shapes are refused") {
  CHECK_THROWS_AS(Shape({-2}), Error);
  CHECK_THROWS_AS(Shape({int64_t{1} << 40, int64_t{1} << 40}), Error);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), Error);
  CHECK_THROWS_AS(Tensor(DType::float32, Shape{kUnknown}), Error);
  CHECK_THROWS_AS(Shape({0, int64_t{1} << 40, int64_t{1} << 40}), Error);  // as NumPy does
}

TEST_CASE("a tensor that was moved from is empty") {
  Tensor a = Tensor::full(DType::float32, {2}, 3);
  const Tensor b = std::move(a);
  CHECK(a.empty());
  CHECK(a.shape() == Shape{0});
  CHECK(b.shape() == Shape{2});
  a = b;
  Tensor& same = a;
  a = std::move(same);
  CHECK(a.as<float>()[1] == 3);
}

TEST_CASE("memory that is not there, or of unknown size, is not wrapped") {
  CHECK_THROWS_WITH_AS(Tensor::wrap(nullptr, DType::float32, {4}, {}), doctest::Contains("there is no memory"), Error);
  float value = 0;
  CHECK_THROWS_WITH_AS(Tensor::wrap(&value, DType::float32, {kUnknown}, {}), doctest::Contains("unknown size"), Error);
}

TEST_CASE("draws do not depend on the number of threads") {
  const int before = num_threads();
  for (DType dtype : {DType::float32, DType::float64}) {
    std::vector<Tensor> drawn;
    for (int threads : {1, 2, 3}) {
      set_num_threads(threads);
      drawn.push_back(random_normal({100003}, 7, stream_id("a"), 0, 1, true, dtype));
      drawn.push_back(random_uniform({100003}, 7, stream_id("a"), -1, 1, dtype));
    }
    for (size_t i = 2; i < drawn.size(); ++i)
      CHECK(std::memcmp(drawn[i].data(), drawn[i % 2].data(), drawn[i].bytes()) == 0);
  }
  set_num_threads(before);
}

TEST_CASE("casting saturates, truncates, and gives 0 for NaN") {
  const float values[] = {1.9f, -1.9f, 1e30f, -1e30f, std::nanf("")};
  const Tensor t = Tensor::of<float>({5}, values).cast(DType::int32);
  const int32_t* x = t.as<int32_t>();
  CHECK(x[0] == 1);
  CHECK(x[1] == -1);
  CHECK(x[2] == INT32_MAX);
  CHECK(x[3] == INT32_MIN);
  CHECK(x[4] == 0);
  CHECK_THROWS_AS(t.as<float>(), Error);
}

TEST_CASE("the allocation counter follows tensors") {
  const int64_t before = allocated_bytes();
  {
    Tensor t(DType::float32, {1000});
    CHECK(allocated_bytes() == before + 4000);
    const Tensor part = t.slice(2, 4);
    CHECK(part.data() == t.as<float>() + 2);
  }
  CHECK(allocated_bytes() == before);
}

TEST_CASE("Philox gives the published vectors") {
  // Random123's known answers for philox4x32-10.
  auto r = philox(0, {0, 0, 0, 0});
  CHECK(r == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  r = philox(0xffffffffffffffffull, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff});
  CHECK(r == std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  r = philox((uint64_t{0x299f31d0} << 32) | 0xa4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344});
  CHECK(r == std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("draws have the moments asked for") {
  const Tensor u = random_uniform({100000}, 7, stream_id("a"), -1, 3);
  const Tensor z = random_normal({100000}, 7, stream_id("a"), 2, 0.5);
  const Tensor t = random_normal({100000}, 7, stream_id("a"), 0, 1, true);
  double su = 0, sz = 0, szz = 0, stt = 0, most = 0;
  for (int64_t i = 0; i < 100000; ++i) {
    su += u.as<float>()[i];
    sz += z.as<float>()[i];
    szz += (z.as<float>()[i] - 2) * (z.as<float>()[i] - 2);
    stt += t.as<float>()[i] * t.as<float>()[i];
    most = std::max(most, std::abs(double(t.as<float>()[i])));
  }
  CHECK(su / 1e5 == doctest::Approx(1).epsilon(0.02));
  CHECK(sz / 1e5 == doctest::Approx(2).epsilon(0.01));
  CHECK(std::sqrt(szz / 1e5) == doctest::Approx(0.5).epsilon(0.02));
  CHECK(std::sqrt(stt / 1e5) == doctest::Approx(0.8796).epsilon(0.02));
  CHECK(most <= 2);
}

TEST_CASE("permutations visit everything once, differently each epoch") {
  const Tensor a = permutation(1000, 3, 0), b = permutation(1000, 3, 1), again = permutation(1000, 3, 0);
  std::set<int64_t> seen(a.as<int64_t>(), a.as<int64_t>() + 1000);
  CHECK(seen.size() == 1000);
  int same = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(a.as<int64_t>()[i] == again.as<int64_t>()[i]);
    same += a.as<int64_t>()[i] == b.as<int64_t>()[i];
  }
  CHECK(same < 10);
}

TEST_CASE("members share out a unit's items, and wait for items, not for each other") {
  Progress progress;
  for (int threads : {1, 2, 3, 4}) {
    constexpr int kUnits = 100, kItems = 37;
    progress.reset(kUnits, threads);
    std::vector<std::atomic<int>> seen(kUnits * kItems);
    std::atomic<int> wrong{0};
    auto work = [&](const TeamMember& member) {
      for (int unit = 0; unit < kUnits; ++unit) {
        int64_t begin = 0, end = 0;
        while (progress.claim(unit, member, kItems, unit % 2 == 1, begin, end)) {
          for (int64_t i = begin; i < end; ++i) seen[unit * kItems + i].fetch_add(1);
          progress.finish(unit, end - begin, kItems);
        }
        progress.wait(unit);
        for (int i = 0; i < kItems; ++i) wrong += seen[unit * kItems + i].load() != 1;
      }
    };
    run_team(threads, work);
    CHECK(wrong.load() == 0);
  }
}

TEST_CASE("claims come from either end of a share") {
  Progress progress;
  for (bool backwards : {false, true}) {
    progress.reset(1, 2);
    int64_t begin = 0, end = 0, at = backwards ? 20 : 10;  // of the second member's share
    while (progress.claim(0, {1, 2}, 20, backwards, begin, end) && begin >= 10) {
      CHECK((backwards ? end : begin) == at);
      at = backwards ? begin : end;
    }
    CHECK(at == (backwards ? 10 : 20));
    CHECK((backwards ? end == 10 : begin == 0));  // then of the first's
  }
}

TEST_CASE("a member that comes late finds the work done") {
  Progress progress;
  progress.reset(1, 2);
  int64_t begin = 0, end = 0, count = 0;
  while (progress.claim(0, {0, 2}, 10, false, begin, end)) {
    count += end - begin;
    progress.finish(0, end - begin, 10);
  }
  CHECK(count == 10);
  CHECK(!progress.claim(0, {1, 2}, 10, false, begin, end));
  progress.wait(0);
}

TEST_CASE("a nested or second team is alone") {
  std::atomic<int> inner_count{0};
  auto outer = [&](const TeamMember&) {
    auto inner = [&](const TeamMember& member) { inner_count.fetch_add(member.count); };
    run_team(2, inner);
  };
  run_team(2, outer);
  CHECK(inner_count.load() == 2);
}

TEST_CASE("thread numbers below 1 are refused") {
  CHECK_THROWS_AS(set_num_threads(0), Error);
  const int before = num_threads();
  set_num_threads(3);
  CHECK(num_threads() == 3);
  set_num_threads(before);
}
