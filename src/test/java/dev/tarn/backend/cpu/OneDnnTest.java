package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.testkit.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Products and copies at the edges where oneDNN needs care. */
class OneDnnTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void refusesTheProductThatOneDnnGetsWrong() {
        HostMemory memory = HostMemory.ofThisMachine();
        try (OneDnn dnn = new OneDnn(memory);
                Owned owned = new Owned()) {
            assertThatThrownBy(() -> dnn.matmul(
                            owned,
                            OneDnn.matrix(owned, OneDnn.F32, 1, 1200),
                            OneDnn.any(owned, OneDnn.F32, 1200, 400),
                            null,
                            OneDnn.matrix(owned, OneDnn.F32, 1, 400),
                            OneDnn.Epilogue.ADD))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("one row");
        }
    }

    @Test
    void aRowAsBiasGivesTheSumThatThatProductShouldGive() {
        HostMemory memory = HostMemory.ofThisMachine();
        try (OneDnn dnn = new OneDnn(memory);
                Owned owned = new Owned();
                CpuArena arena = new CpuArena(memory, "test")) {
            int depth = 2300;
            int width = 130;
            Kernel product = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, OneDnn.F32, 1, depth),
                    OneDnn.matrix(owned, OneDnn.F32, depth, width),
                    OneDnn.matrix(owned, OneDnn.F32, 1, width),
                    OneDnn.matrix(owned, OneDnn.F32, 1, width),
                    OneDnn.Epilogue.NONE);
            float[] x = normal(depth);
            float[] w = normal(depth * width);
            float[] before = normal(width);
            CpuTensor target = arena.real("target", width);
            product.at(Kernel.BIAS, tensor(arena, before).address())
                    .run(tensor(arena, x).address(), tensor(arena, w).address(), target.address());
            for (int j = 0; j < width; j++) {
                double sum = before[j];
                for (int k = 0; k < depth; k++) {
                    sum += (double) x[k] * w[k * width + j];
                }
                assertThat((double) target.real(j)).isCloseTo(sum, org.assertj.core.api.Assertions.within(1e-3));
            }
        }
    }

    @Test
    void sumsTheColumnsOfALongMatrix() {
        HostMemory memory = HostMemory.ofThisMachine();
        try (OneDnn dnn = new OneDnn(memory);
                CpuArena arena = new CpuArena(memory, "test")) {
            int rows = 301;
            int columns = 5003;
            float[] values = normal(rows * columns);
            float[] ones = new float[rows];
            java.util.Arrays.fill(ones, 1f);
            float[] before = normal(columns);
            CpuTensor sums = tensor(arena, before);
            dnn.addColumnSums(
                    rows,
                    columns,
                    0.5f,
                    tensor(arena, values).address(),
                    columns,
                    tensor(arena, ones).address(),
                    sums.address());
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int row = 0; row < rows; row++) {
                    sum += values[row * columns + j];
                }
                assertThat((double) sums.real(j))
                        .isCloseTo(before[j] + 0.5 * sum, org.assertj.core.api.Assertions.within(1e-4));
            }
        }
    }

    @Test
    void aKernelRunsOnAnotherThreadThanTheOneThatMadeIt() throws InterruptedException {
        HostMemory memory = HostMemory.ofThisMachine();
        try (OneDnn dnn = new OneDnn(memory);
                Owned owned = new Owned();
                CpuArena arena = new CpuArena(memory, "test")) {
            // A transposed left operand is copied into the scratchpad first.
            Kernel product = dnn.matmul(
                    owned,
                    OneDnn.transposed(owned, OneDnn.F32, 70, 300, 70),
                    OneDnn.matrix(owned, OneDnn.F32, 300, 90),
                    null,
                    OneDnn.matrix(owned, OneDnn.F32, 70, 90),
                    OneDnn.Epilogue.NONE);
            CpuTensor x = tensor(arena, normal(70 * 300));
            CpuTensor w = tensor(arena, normal(300 * 90));
            CpuTensor here = arena.real("here", 70, 90);
            CpuTensor there = arena.real("there", 70, 90);
            product.run(x.address(), w.address(), here.address());
            Thread other = new Thread(() -> product.run(x.address(), w.address(), there.address()));
            other.start();
            other.join();
            for (int k = 0; k < here.length(); k++) {
                assertThat(there.real(k)).isEqualTo(here.real(k));
            }
        }
    }

    private float[] normal(int size) {
        Random random = seeds.random();
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static CpuTensor tensor(CpuArena arena, float[] values) {
        CpuTensor tensor = arena.real("values", values.length);
        tensor.put(0, values, values.length);
        return tensor;
    }
}
