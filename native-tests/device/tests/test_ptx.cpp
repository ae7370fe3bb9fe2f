// The PTX of test_kernels.cpp: only what the device reads of PTX.
#include "testing.h"

namespace testing {

std::string test_ptx() {
  const auto entry = [](const char* name, const char* parameters, const char* body, int threads = 256) {
    return std::string(".visible .entry ") + name + "(" + parameters + ")\n.maxntid " + std::to_string(threads) +
           ", 1, 1\n{\n" + body + "\tret;\n}\n";
  };
  const char* pointer = ".param .u64 p";
  const char* pointerAndInt = ".param .u64 p,\n.param .u32 n";
  return ".version 7.8\n.target sm_75\n.address_size 64\n.extern .shared .align 16 .b8 memory[];\n" +
         entry("add_to", ".param .u64 p, .param .u32 amount, .param .u32 count", "") +
         entry("write_at", pointerAndInt, "") +
         entry("read_at", ".param .u64 out, .param .u64 p, .param .u32 at", "") +
         entry("load_four", ".param .u64 out, .param .u64 p", "") + entry("divide", pointerAndInt, "") +
         entry("half_at_barrier", pointer, "\tbar.sync \t0;\n") +
         entry("lane_outside", pointer, "\tshfl.sync.bfly.b32 r;\n") +
         entry("lanes_returned", pointer, "\tshfl.sync.bfly.b32 r;\n") +
         entry("neighbour", pointerAndInt,
               "\t.shared .align 4 .b8 values[256];\n\t@%p1 bra L;\n\tbar.sync 0;\nL:\n", 64) +
         entry("shift", pointer, "") + entry("write_unaligned", pointer, "") +
         entry("dynamic_at", pointerAndInt, "\tst.shared.f32 [memory], %f1;\n") +
         entry("take_struct", ".param .u64 out, .param .align 8 .b8 pair[16], .param .f64 factor", "");
}

}  // namespace testing
