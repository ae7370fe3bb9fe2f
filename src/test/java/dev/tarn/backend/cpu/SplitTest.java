package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Work cut into parts. */
class SplitTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final HostMemory memory = HostMemory.ofThisMachine();

    @ParameterizedTest
    @CsvSource({"1,1,16", "1,4,16", "15,2,16", "16,2,16", "17,2,16", "33,2,16", "1150,2,16", "1150,7,16", "5,8,1"})
    void rangesCoverEverythingOnceAndEndAtMultiples(int size, int parts, int grain) {
        Ranges ranges = Ranges.of(size, parts, grain);
        assertThat(ranges.parts()).isBetween(1, parts);
        List<Integer> covered = new ArrayList<>();
        for (int i = 0; i < ranges.parts(); i++) {
            int from = ranges.from(i);
            assertThat(from % grain).isZero();
            assertThat(ranges.count(i)).isPositive();
            IntStream.range(from, from + ranges.count(i)).forEach(covered::add);
        }
        assertThat(covered).isEqualTo(IntStream.range(0, size).boxed().toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void aProductIsTheSameHoweverManyHandsComputeIt(int hands) {
        int rows = 5;
        int k = 33;
        int n = 71;
        try (Team team = new Team(memory, hands, hands);
                Owned owned = new Owned();
                CpuArena arena = new CpuArena(memory, "test")) {
            Split product = Split.over(team, team.cut(n, Ranges.VECTOR), (hand, dnn, first, count) -> {
                Kernel kernel = dnn.matmul(
                        owned,
                        OneDnn.matrix(owned, OneDnn.F32, rows, k),
                        OneDnn.any(owned, OneDnn.F32, k, count),
                        null,
                        OneDnn.matrix(owned, OneDnn.F32, rows, count, n),
                        OneDnn.Epilogue.NONE);
                return Split.Part.packed(kernel, first, count).target((long) first * Float.BYTES);
            });
            CpuTensor x = normal(arena, rows, k);
            CpuTensor stored = normal(arena, n, k);
            CpuTensor restored = arena.real("restored", n, k);
            CpuTensor result = arena.real("result", rows, n);
            Packed weights = new Packed(team, owned, arena, "weights", product, k, n, true);
            weights.packFrom(stored.address());
            weights.unpackTo(restored.address());
            product.run(x.address(), weights.address(), result.address());
            for (int i = 0; i < n * k; i++) {
                assertThat(restored.real(i)).isEqualTo(stored.real(i));
            }
            for (int row = 0; row < rows; row++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int i = 0; i < k; i++) {
                        sum += (double) x.real((long) row * k + i) * stored.real((long) j * k + i);
                    }
                    assertThat((double) result.real((long) row * n + j)).isCloseTo(sum, within(1e-5));
                }
            }
        }
    }

    @Test
    void aTransposedProductKeepsAndScales() {
        int m = 70;
        int n = 13;
        int k = 9;
        try (Team team = new Team(memory, 3, 3);
                CpuArena arena = new CpuArena(memory, "test")) {
            CpuTensor a = normal(arena, k, m);
            CpuTensor b = normal(arena, k, n);
            CpuTensor target = normal(arena, m, n);
            float[] before = new float[m * n];
            target.get(0, before, m * n);
            new TransposedProduct(team, m, n).run(k, 0.5f, a.address(), b.address(), 2f, target.address());
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 2.0 * before[i * n + j];
                    for (int l = 0; l < k; l++) {
                        sum += 0.5 * a.real((long) l * m + i) * b.real((long) l * n + j);
                    }
                    assertThat((double) target.real((long) i * n + j)).isCloseTo(sum, within(1e-5));
                }
            }
        }
    }

    private CpuTensor normal(CpuArena arena, int... shape) {
        CpuTensor tensor = arena.real("normal", shape);
        for (int i = 0; i < tensor.length(); i++) {
            tensor.setReal(i, (float) seeds.random().nextGaussian());
        }
        return tensor;
    }
}
