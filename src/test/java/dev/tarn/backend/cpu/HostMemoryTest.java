package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.OutOfDeviceMemoryException;
import org.junit.jupiter.api.Test;

/** The account of main memory. */
class HostMemoryTest {

    @Test
    void refusesWhatDoesNotFitAndNamesTensorShapeAndSizes() {
        HostMemory memory = new HostMemory(1 << 20);
        try (CpuArena arena = new CpuArena(memory, "step")) {
            arena.real("small", 100, 100);
            assertThatThrownBy(() -> arena.real("logits", 5, 60_000))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("logits [5,60000] in arena step needs 1.1 MiB")
                    .hasMessageContaining("0.0 MiB of 1.0 MiB are taken")
                    .hasMessageContaining("--batch-size");
            assertThat(arena.bytes()).isEqualTo(40_000);
        }
    }

    @Test
    void refusesATensorThatNoBufferCanAddress() {
        HostMemory memory = new HostMemory(Long.MAX_VALUE);
        try (CpuArena arena = new CpuArena(memory, "step")) {
            assertThatThrownBy(() -> arena.real("logits", 10_000, 60_000))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("logits [10000,60000]")
                    .hasMessageContaining("2 GiB");
        }
    }

    @Test
    void whatIsGivenBackCanBeTakenAgain() {
        HostMemory memory = new HostMemory(1 << 20);
        for (int round = 0; round < 3; round++) {
            try (CpuArena arena = new CpuArena(memory, "step")) {
                arena.real("most", 200_000);
                assertThat(memory.taken()).isEqualTo(800_000);
            }
            assertThat(memory.taken()).isZero();
        }
    }

    @Test
    void blocksStartOnACacheLine() {
        HostMemory memory = HostMemory.ofThisMachine();
        try (CpuArena arena = new CpuArena(memory, "step")) {
            for (int size : new int[] {1, 3, 1000, 1_000_000}) {
                assertThat(arena.real("x", size).address() % Block.ALIGNMENT).isZero();
            }
        }
    }
}
