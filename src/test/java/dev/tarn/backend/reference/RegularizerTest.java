package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegularizerTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private static final int PAD = 1;

    private final Desk desk = new Desk();

    private static final class Result {
        final double[] values;
        final double[] dh;
        final double[] norms;

        Result(double[] values, double[] dh, double[] norms) {
            this.values = values;
            this.dh = dh;
            this.norms = norms;
        }

        double sum() {
            return values[0] + values[1] + values[2];
        }
    }

    private Result run(Regularization spec, double[] h, Mask mask, double[] h0, double[] upstream, int... shape) {
        return run(spec, h, null, mask, h0, upstream, shape);
    }

    /** @param ids of which {@link #PAD} is padding, or null */
    private Result run(
            Regularization spec,
            double[] h,
            int @Nullable [] ids,
            Mask mask,
            double[] h0,
            double[] upstream,
            int... shape) {
        Tensor dh = desk.zeros(shape);
        Tensor values = desk.zeros(3);
        Tensor norms = desk.zeros(shape[0], shape[1]);
        desk.backend.regularize(
                spec,
                desk.put(h, shape),
                ids == null ? null : Padding.count(desk.ids(ids, shape[0], shape[1]), ids, 0, PAD),
                mask,
                desk.put(h0, shape[1], shape[2]),
                desk.put(upstream, shape),
                dh,
                values,
                norms);
        return new Result(desk.read(values), desk.read(dh), desk.read(norms));
    }

    private static List<Regularization> everySpec() {
        List<Regularization> specs = new ArrayList<>(List.of(Regularization.NONE));
        for (ArOn arOn : ArOn.values()) {
            specs.add(new Regularization(2, 0, 0, arOn, NormForm.PAPER, false));
        }
        specs.add(new Regularization(0, 1, 0, ArOn.DROPPED, NormForm.PAPER, false));
        specs.add(new Regularization(0, 0, 5, ArOn.DROPPED, NormForm.PAPER, false));
        specs.add(new Regularization(0, 0, 5, ArOn.DROPPED, NormForm.PAPER, true));
        specs.add(new Regularization(0, 0, 5, ArOn.DROPPED, NormForm.SEED, false));
        specs.add(new Regularization(2, 1, 5, ArOn.RAW, NormForm.PAPER, true));
        specs.add(new Regularization(2, 1, 5, ArOn.DROPPED, NormForm.SEED, true));
        return specs;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,3,2", "2,1,3", "4,2,3", "5,3,1"})
    void everyGradientMatchesDifferencesUnderEveryMask(int steps, int batch, int hiddenSize) {
        int size = steps * batch * hiddenSize;
        double[] h = seeds.doubles(size, 1);
        // Away from zero: a norm over one unit is |h|, which has a corner there.
        for (int i = 0; i < size; i++) {
            h[i] += Math.copySign(0.1, h[i]);
        }
        double[] h0 = seeds.doubles(batch * hiddenSize, 1);
        double[] upstream = seeds.doubles(size, 1);
        Tensor given = desk.put(seeds.doubles(batch * hiddenSize, 1), batch, hiddenSize);
        for (Mask mask : List.of(Mask.NONE, Desk.drawn(0.4, seeds.seed()), new Mask.Given(given))) {
            for (Regularization spec : everySpec()) {
                double[] dh = run(spec, h, mask, h0, upstream, steps, batch, hiddenSize).dh;
                Gradients.assertMatch(spec + " " + mask, h, dh, at -> {
                    Tensor dropped = desk.zeros(steps, batch, hiddenSize);
                    desk.backend.lockedDropout(desk.put(at, steps, batch, hiddenSize), mask, dropped);
                    return Desk.dot(upstream, desk.read(dropped))
                            + run(spec, at, mask, h0, upstream, steps, batch, hiddenSize)
                                    .sum();
                });
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0 0 0 0 0 0 0 0", "1 1 1 0 0 0 0 0", "0 0 0 0 0 1 1 1", "1 0 0 0 0 1 0 0", "1 1 1 1 1 1 1 1"})
    void everyGradientMatchesDifferencesWithPadding(String where) {
        int[] ids = Arrays.stream(where.split(" ")).mapToInt(Integer::parseInt).toArray();
        double[] h = seeds.doubles(ids.length * 3, 1);
        double[] h0 = seeds.doubles(2 * 3, 1);
        double[] upstream = seeds.doubles(h.length, 1);
        Mask mask = Desk.drawn(0.4, seeds.seed());
        for (Regularization spec : everySpec()) {
            Result result = run(spec, h, ids, mask, h0, upstream, 4, 2, 3);
            Gradients.assertMatch(spec + " padding " + where, h, result.dh, at -> {
                Tensor dropped = desk.zeros(4, 2, 3);
                desk.backend.lockedDropout(desk.put(at, 4, 2, 3), mask, dropped);
                return Desk.dot(upstream, desk.read(dropped))
                        + run(spec, at, ids, mask, h0, upstream, 4, 2, 3).sum();
            });
        }
    }

    @Test
    void whatIsPaddingCountsForNothing() {
        double[] text = seeds.doubles(3 * 2, 1);
        double[] h0 = seeds.doubles(2, 1);
        // One sequence of three steps, and beside it one of padding with numbers of its own.
        double[] padded = seeds.doubles(2 * text.length, 10);
        for (int t = 0; t < 3; t++) {
            System.arraycopy(text, 2 * t, padded, 4 * t, 2);
        }
        int[] ids = {0, PAD, 0, PAD, 0, PAD};
        for (Regularization spec : everySpec()) {
            double[] alone = run(spec, text, Mask.NONE, h0, new double[6], 3, 1, 2).values;
            double[] both = run(
                            spec, padded, ids, Mask.NONE, new double[] {h0[0], h0[1], 9, 9}, new double[12], 3, 2, 2)
                    .values;
            for (int term = 0; term < 3; term++) {
                assertThat(both[term]).as(spec.toString()).isCloseTo(alone[term], within(1e-13));
            }
        }
    }

    /** The worked example: h = 0.1 .. 1.2 as [B=2,T=3,H=2], laid out time-major. */
    private static final double[] EXAMPLE = {0.1, 0.2, 0.7, 0.8, 0.3, 0.4, 0.9, 1.0, 0.5, 0.6, 1.1, 1.2};

    private double[] example(Regularization spec) {
        return run(spec, EXAMPLE, Mask.NONE, new double[4], new double[12], 3, 2, 2).values;
    }

    @Test
    void theWorkedExampleGivesFastaisNumbers() {
        double[] seed = example(new Regularization(2, 1, 1, ArOn.RAW, NormForm.SEED, false));
        assertThat(seed[0]).isCloseTo(1.0833333, within(5e-8));
        assertThat(seed[1]).isCloseTo(0.04, within(1e-15));
        // fastai subtracts the norms in single precision, which costs its last digit; the closed form does not.
        assertThat(seed[2]).isCloseTo(0.0855184, within(1e-6));
        double lastMinusFirst = 0.25 + 0.36 + 1.21 + 1.44 - (0.01 + 0.04 + 0.49 + 0.64);
        double closed = Math.pow(lastMinusFirst / (Math.sqrt(6.5 - 1.18) + Math.sqrt(6.5 - 3.26)), 2) / 3;
        assertThat(seed[2]).isCloseTo(closed, within(1e-15));
        assertThat(example(new Regularization(0, 0, 50, ArOn.RAW, NormForm.SEED, false))[2])
                .isCloseTo(4.27592, within(5e-6));
    }

    @Test
    void theWorkedExampleGivesThePapersNumbers() {
        double inner = example(new Regularization(0, 0, 1, ArOn.RAW, NormForm.PAPER, false))[2];
        assertThat(inner).isCloseTo(0.0787265, within(5e-8));

        // With h_0 = 0 the first difference is the first norm itself; T-1 differences weigh 2/3 of before.
        double first = (0.01 + 0.04 + 0.49 + 0.64) / (2 * 3);
        double initial = example(new Regularization(0, 0, 1, ArOn.RAW, NormForm.PAPER, true))[2];
        assertThat(initial).isCloseTo(0.0524843 + first, within(5e-8));
    }

    @Test
    void normsAreThoseOfEveryRow() {
        double[] h = {3, 4, 0, 0, -1, 0};
        Result result = run(Regularization.NONE, h, Mask.NONE, new double[2], new double[6], 3, 1, 2);
        assertThat(result.norms).containsExactly(5, 0, 1);
    }

    @Test
    void zeroRowsHaveNoNormGradientAndNothingIsNotANumber() {
        for (Regularization spec : everySpec()) {
            Result zero = run(spec, new double[12], Mask.NONE, new double[4], new double[12], 3, 2, 2);
            assertThat(zero.values).containsOnly(0);
            assertThat(zero.dh).containsOnly(0);
        }
        double[] oneRow = new double[12];
        oneRow[4] = 3;
        oneRow[5] = 4;
        Regularization paper = new Regularization(0, 0, 1, ArOn.RAW, NormForm.PAPER, false);
        Result result = run(paper, oneRow, Mask.NONE, new double[4], new double[12], 3, 2, 2);
        assertThat(result.values[2]).isEqualTo((25 + 25) / 4.0);
        assertThat(result.dh[4]).isCloseTo(2 * 10 / 4.0 * 0.6, within(1e-15));
        assertThat(result.dh[0]).isZero();
        assertThat(result.dh[8]).isZero();
    }

    @Test
    void aWindowOfOneStepHasNoTemporalTermsExceptTheJumpFromTheCarriedState() {
        double[] h = {3, 4};
        double[] h0 = {0, 2};
        double[] upstream = {0, 0};
        Regularization inner = new Regularization(0, 1, 1, ArOn.RAW, NormForm.PAPER, false);
        assertThat(run(inner, h, Mask.NONE, h0, upstream, 1, 1, 2).values).containsOnly(0);
        Regularization seed = new Regularization(0, 1, 1, ArOn.RAW, NormForm.SEED, false);
        assertThat(run(seed, h, Mask.NONE, h0, upstream, 1, 1, 2).values).containsOnly(0);
        Regularization initial = new Regularization(0, 1, 1, ArOn.RAW, NormForm.PAPER, true);
        Result jump = run(initial, h, Mask.NONE, h0, upstream, 1, 1, 2);
        assertThat(jump.values).containsExactly(0, 0, 9);
        assertThat(jump.dh[0]).isCloseTo(2 * 3 * 0.6, within(1e-15));
    }

    @Test
    void oneSequenceIsRegularizedAsMuchAsTwoEqualOnes() {
        double[] one = seeds.doubles(4 * 3, 1);
        double[] two = new double[2 * one.length];
        for (int i = 0; i < one.length; i++) {
            int row = i / 3;
            two[2 * row * 3 + i % 3] = one[i];
            two[(2 * row + 1) * 3 + i % 3] = one[i];
        }
        Regularization all = new Regularization(2, 1, 5, ArOn.RAW, NormForm.PAPER, false);
        double[] single = run(all, one, Mask.NONE, new double[3], new double[12], 4, 1, 3).values;
        double[] twice = run(all, two, Mask.NONE, new double[6], new double[24], 4, 2, 3).values;
        for (int term = 0; term < 3; term++) {
            assertThat(single[term]).isPositive().isCloseTo(twice[term], within(1e-13));
        }
    }

    @Test
    void theSeedFormDoesNotSeeABumpThatTheSequenceReturnsFrom() {
        double[] bump = {1, 20, 1};
        Regularization seed = new Regularization(0, 0, 50, ArOn.RAW, NormForm.SEED, false);
        Regularization paper = new Regularization(0, 0, 50, ArOn.RAW, NormForm.PAPER, false);
        double[] h0 = {0};
        assertThat(run(seed, bump, Mask.NONE, h0, new double[3], 3, 1, 1).values[2])
                .isZero();
        assertThat(run(paper, bump, Mask.NONE, h0, new double[3], 3, 1, 1).values[2])
                .isEqualTo(50 * 361);
    }
}
