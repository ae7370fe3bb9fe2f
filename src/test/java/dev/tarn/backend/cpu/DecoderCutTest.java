package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Precision;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many small pieces and slices give what one of each gives. */
class DecoderCutTest {

    private static final int VOCABULARY = 97;
    private static final int EMB_SZ = 13;
    private static final int MAX_ROWS = 71;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void howTheRowsAreCutChangesNothingButRounding(Precision precision) {
        HostMemory memory = HostMemory.ofThisMachine();
        try (Team team = new Team(memory, 2, 2);
                CpuArena arena = new CpuArena(memory, "test")) {
            if (precision == Precision.BF16 && !team.dnn(0).multiplies(OneDnn.BF16)) {
                return;
            }
            long row = VOCABULARY * 4L;
            for (int rows : new int[] {1, 8, 29, 71}) {
                long seed = seeds.random().nextLong();
                List<CpuTensor> whole =
                        run(team, memory, arena, precision, CpuDecoder.Cut.USUAL, rows, new Random(seed));
                for (CpuDecoder.Cut cut : List.of(
                        new CpuDecoder.Cut(7 * row, 20 * row),
                        new CpuDecoder.Cut(1, 1),
                        new CpuDecoder.Cut(30 * row, 1))) {
                    assertSame(whole, run(team, memory, arena, precision, cut, rows, new Random(seed)));
                }
            }
        }
    }

    /** The loss with and without gradients, dx, dw and db, added to and started. */
    private static List<CpuTensor> run(
            Team team,
            HostMemory memory,
            CpuArena arena,
            Precision precision,
            CpuDecoder.Cut cut,
            int rows,
            Random random) {
        CpuTensor w = normal(arena, random, 0.5, VOCABULARY, EMB_SZ);
        CpuTensor b = normal(arena, random, 0.5, VOCABULARY);
        CpuTensor x = normal(arena, random, 1, rows, EMB_SZ);
        CpuTensor targets = arena.ids("targets", rows);
        int[] ids = random.ints(rows, 0, VOCABULARY).toArray();
        targets.putIds(ids, rows);
        CpuTensor stats = arena.real("stats", 2);
        CpuTensor evaluated = arena.real("stats", 2);
        CpuTensor dx = arena.real("dx", rows, EMB_SZ);
        CpuTensor dw = normal(arena, random, 0.1, VOCABULARY, EMB_SZ);
        CpuTensor db = normal(arena, random, 0.1, VOCABULARY);
        CpuTensor freshDw = normal(arena, random, Double.NaN, VOCABULARY, EMB_SZ);
        CpuTensor freshDb = normal(arena, random, Double.NaN, VOCABULARY);
        try (CpuDecoder decoder = new CpuDecoder(team, memory, precision, VOCABULARY, EMB_SZ, MAX_ROWS, cut)) {
            decoder.load(w, b);
            decoder.loss(x, targets, evaluated);
            decoder.lossAndGradients(x, targets, stats, dx, dw, db);
            decoder.lossAndGradients(x, targets, stats, dx, freshDw, freshDb, GradientSum.START);
        }
        return new ArrayList<>(List.of((CpuTensor) stats.view(0, 1), evaluated, dx, dw, db, freshDw, freshDb));
    }

    private static void assertSame(List<CpuTensor> expected, List<CpuTensor> got) {
        for (int k = 0; k < expected.size(); k++) {
            CpuTensor one = expected.get(k);
            CpuTensor other = got.get(k);
            for (int i = 0; i < one.length(); i++) {
                assertThat(other.real(i)).as("tensor %d, element %d", k, i).isCloseTo(one.real(i), within(2e-6f));
            }
        }
    }

    private static CpuTensor normal(CpuArena arena, Random random, double deviation, int... shape) {
        CpuTensor tensor = arena.real("normal", shape);
        for (int i = 0; i < tensor.length(); i++) {
            tensor.setReal(i, (float) (deviation * random.nextGaussian()));
        }
        return tensor;
    }
}
