// Indirect calls: C++ objects of four classes behind one interface.
#include "bench.h"

namespace {
struct Shape {
  explicit Shape(uint64_t s) : size(s) {}
  virtual ~Shape() = default;
  virtual uint64_t area() const = 0;
  uint64_t size;
};
struct Square : Shape { using Shape::Shape; uint64_t area() const override { return size * size; } };
struct Line : Shape { using Shape::Shape; uint64_t area() const override { return 0; } };
struct Triangle : Shape { using Shape::Shape; uint64_t area() const override { return size * size / 2; } };
struct Circle : Shape { using Shape::Shape; uint64_t area() const override { return size * size * 3; } };
}  // namespace

int main(int argc, char** argv) {
  enum { kCount = 1000 };
  static Shape* shapes[kCount];
  uint64_t seed = 7;
  for (auto& shape : shapes) {
    const uint64_t size = bench_random(&seed) % 100;
    switch (bench_random(&seed) % 4) {
      case 0: shape = new Square(size); break;
      case 1: shape = new Line(size); break;
      case 2: shape = new Triangle(size); break;
      default: shape = new Circle(size); break;
    }
  }
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 20000); round > 0; --round) {
    for (Shape* shape : shapes) sum += shape->area() ^ static_cast<uint64_t>(round);
  }
  return bench_result(sum);
}
