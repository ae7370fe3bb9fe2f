package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeadTest {

    private static final int PAD = 1;
    private static final int WORD = 7;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final Desk desk = new Desk();

    private Padding padding(int[] ids, int... shape) {
        return Padding.count(desk.ids(ids, shape), ids, 0, PAD);
    }

    private double[] pool(double[] h, Padding padding, Tensor steps, int... shape) {
        Tensor out = desk.zeros(shape[1], 3 * shape[2]);
        desk.backend.pool(desk.put(h, shape), padding, out, steps);
        return desk.read(out);
    }

    /** The rows (9,-9) of padding, (1,2) and (3,-4), and beside it (1,1), (2,2) and (3,3). */
    @Test
    void theWorkedExampleOfFastaiIsPooledAsThere() {
        double[] h = {9, -9, 1, 1, 1, 2, 2, 2, 3, -4, 3, 3};
        Tensor steps = desk.ids(new int[4], 2, 2);
        Padding padding = padding(new int[] {PAD, WORD, WORD, WORD, WORD, WORD}, 3, 2);
        assertThat(pool(h, padding, steps, 3, 2, 2)).containsExactly(3, -4, 3, 2, 2, -1, 3, 3, 3, 3, 2, 2);
        int[] chosen = new int[4];
        desk.backend.download(steps, chosen);
        assertThat(chosen).containsExactly(2, 1, 2, 2);
    }

    @Test
    void theFirstOfEqualMaximaIsChosenAndNothingOfADocumentOfPadding() {
        Tensor steps = desk.ids(new int[2], 2, 1);
        Padding padding = padding(new int[] {WORD, PAD, WORD, PAD, WORD, PAD}, 3, 2);
        assertThat(pool(new double[] {1, 8, 2, 9, 2, 5}, padding, steps, 3, 2, 1))
                .containsExactly(2, 2, 5 / 3.0, 5, 0, 0);
        int[] chosen = new int[2];
        desk.backend.download(steps, chosen);
        assertThat(chosen).containsExactly(1, -1);
        Tensor dh = desk.zeros(3, 2, 1);
        Tensor dOut = desk.put(new double[] {100, 10, 3, 100, 10, 3}, 2, 3);
        desk.backend.poolBackward(dOut, padding, steps, dh);
        assertThat(desk.read(dh)).containsExactly(1, 0, 11, 0, 101, 100);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,3,2", "5,1,3", "4,3,2"})
    void theGradientOfPoolingMatchesDifferences(int steps, int batch, int hiddenSize) {
        double[] h = distinct(steps * batch * hiddenSize);
        for (boolean isLeft : new boolean[] {true, false}) {
            int[] ids = new int[steps * batch];
            Arrays.fill(ids, WORD);
            for (int b = 0; b < batch; b++) {
                for (int t = 0; t < steps; t++) {
                    // Document b has b steps of padding, or nothing else.
                    ids[t * batch + b] = (isLeft ? t < b : t >= steps - b) ? PAD : WORD;
                }
            }
            Padding padding = padding(ids, steps, batch);
            Tensor chosen = desk.ids(new int[batch * hiddenSize], batch, hiddenSize);
            double[] upstream = seeds.doubles(3 * batch * hiddenSize, 1);
            pool(h, padding, chosen, steps, batch, hiddenSize);
            Tensor dh = desk.zeros(steps, batch, hiddenSize);
            desk.backend.poolBackward(desk.put(upstream, batch, 3 * hiddenSize), padding, chosen, dh);
            Gradients.assertMatch(
                    "padded left " + isLeft,
                    h,
                    desk.read(dh),
                    at -> Desk.dot(upstream, pool(at, padding, chosen, steps, batch, hiddenSize)));
        }
    }

    /** Random numbers of which no two are near each other, so that a small change moves no maximum. */
    private double[] distinct(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            int other = seeds.between(0, i);
            values[i] = values[other];
            values[other] = 0.1 * i - 0.7;
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,5,2", "4,3,1", "3,4,5"})
    void theGradientsOfALinearLayerMatchDifferences(int rows, int inputs, int outputs) {
        double[] x = seeds.doubles(rows * inputs, 1);
        double[] w = seeds.doubles(outputs * inputs, 1);
        double[] b = seeds.doubles(outputs, 1);
        double[] upstream = seeds.doubles(rows * outputs, 1);
        Tensor dx = desk.zeros(rows, inputs);
        Tensor dw = desk.zeros(outputs, inputs);
        Tensor db = desk.zeros(outputs);
        Tensor xTensor = desk.put(x, rows, inputs);
        Tensor wTensor = desk.put(w, outputs, inputs);
        desk.backend.linearBackward(xTensor, wTensor, desk.put(upstream, rows, outputs), dx, dw, db);
        ToDoubleFunction<double[]> loss = at -> {
            Tensor y = desk.zeros(rows, outputs);
            desk.backend.linear(desk.put(x, rows, inputs), desk.put(w, outputs, inputs), desk.put(b, outputs), y);
            return Desk.dot(upstream, desk.read(y));
        };
        // The argument of the function is one of these arrays, which it reads all.
        Gradients.assertMatch("dx", x, desk.read(dx), loss);
        Gradients.assertMatch("dw", w, desk.read(dw), loss);
        Gradients.assertMatch("db", b, desk.read(db), loss);

        double[] once = desk.read(db);
        desk.backend.linearBackward(xTensor, wTensor, desk.put(upstream, rows, outputs), null, dw, db);
        for (int o = 0; o < outputs; o++) {
            assertThat(desk.read(db)[o]).as("db is added to").isCloseTo(2 * once[o], within(1e-12));
        }
    }

    /** A batch normalisation over F features with numbers of its own. */
    private final class Layer {
        final int rows;
        final int features;
        final double[] x;
        final double[] gamma;
        final double[] beta;

        Layer(int rows, int features) {
            this.rows = rows;
            this.features = features;
            // Away from each other, or the normalisation is steep, and from the rectifier's corner.
            x = seeds.doubles(rows * features, 0.03);
            for (int i = 0; i < x.length; i++) {
                int row = i / features;
                x[i] += 1.5 * (row - (rows - 1) / 2.0) + 0.4;
            }
            gamma = seeds.doubles(features, 1);
            beta = seeds.doubles(features, 1);
        }

        BatchNorm norm(Tensor mean, Tensor variance) {
            return new BatchNorm(desk.put(gamma, features), desk.put(beta, features), mean, variance);
        }

        double[] train(boolean relu, Mask mask, Tensor mean, Tensor variance, Tensor saved) {
            Tensor y = desk.zeros(rows, features);
            desk.backend.batchNorm(desk.put(x, rows, features), relu, norm(mean, variance), saved, mask, y);
            return desk.read(y);
        }
    }

    @ParameterizedTest
    @CsvSource({"2,1", "5,3", "3,7"})
    void theGradientsOfBatchNormMatchDifferencesUnderEveryMask(int rows, int features) {
        Layer layer = new Layer(rows, features);
        double[] upstream = seeds.doubles(rows * features, 1);
        Mask given = new Mask.Given(desk.put(seeds.doubles(rows * features, 1), rows, features));
        for (Mask mask : List.of(Mask.NONE, Desk.drawn(0.4, seeds.seed()), given)) {
            for (boolean relu : new boolean[] {true, false}) {
                Tensor saved = desk.zeros(2, features);
                layer.train(relu, mask, desk.zeros(features), desk.zeros(features), saved);
                Tensor dx = desk.put(upstream, rows, features);
                Tensor dGamma = desk.zeros(features);
                Tensor dBeta = desk.zeros(features);
                desk.backend.batchNormBackward(
                        desk.put(layer.x, rows, features),
                        relu,
                        layer.norm(desk.zeros(features), desk.zeros(features)),
                        saved,
                        mask,
                        dx,
                        dx,
                        dGamma,
                        dBeta);
                ToDoubleFunction<double[]> loss = at -> Desk.dot(
                        upstream,
                        layer.train(relu, mask, desk.zeros(features), desk.zeros(features), desk.zeros(2, features)));
                String what = mask + (relu ? " relu " : " ");
                Gradients.assertMatch(what + "dGamma", layer.gamma, desk.read(dGamma), loss);
                Gradients.assertMatch(what + "dBeta", layer.beta, desk.read(dBeta), loss);
                Gradients.assertMatch(what + "dx", layer.x, desk.read(dx), loss);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void trainingNormalizesAndMovesTheRunningStatisticsByATenth(boolean relu) {
        double[] x = {-1, 2, 4, 6};
        double[] a = relu ? new double[] {0, 2, 4, 6} : x;
        double mean = Arrays.stream(a).sum() / 4;
        double squares = Arrays.stream(a).map(v -> (v - mean) * (v - mean)).sum();
        Tensor running = desk.put(new double[] {10}, 1);
        Tensor variance = desk.put(new double[] {20}, 1);
        Tensor saved = desk.zeros(2, 1);
        Tensor y = desk.zeros(4, 1);
        BatchNorm norm = new BatchNorm(desk.put(new double[] {3}, 1), desk.put(new double[] {5}, 1), running, variance);
        desk.backend.batchNorm(desk.put(x, 4, 1), relu, norm, saved, Mask.NONE, y);
        double inverse = 1 / Math.sqrt(squares / 4 + 1e-5);
        assertThat(desk.read(saved)).containsExactly(new double[] {mean, inverse}, within(1e-15));
        assertThat(desk.read(running)[0]).isCloseTo(0.9 * 10 + 0.1 * mean, within(1e-14));
        assertThat(desk.read(variance)[0]).isCloseTo(0.9 * 20 + 0.1 * squares / 3, within(1e-14));
        for (int n = 0; n < 4; n++) {
            assertThat(desk.read(y)[n]).isCloseTo(3 * (a[n] - mean) * inverse + 5, within(1e-14));
        }

        double[] before = {desk.read(running)[0], desk.read(variance)[0]};
        desk.backend.batchNormEvaluate(desk.put(x, 4, 1), relu, norm, y);
        for (int n = 0; n < 4; n++) {
            assertThat(desk.read(y)[n])
                    .isCloseTo(3 * (a[n] - before[0]) / Math.sqrt(before[1] + 1e-5) + 5, within(1e-14));
        }
        assertThat(desk.read(running)[0]).as("evaluation leaves them").isEqualTo(before[0]);
        assertThat(desk.read(variance)[0]).isEqualTo(before[1]);
    }

    @Test
    void theRectifierPassesNoGradientAtZero() {
        Tensor dx = desk.zeros(3, 1);
        Tensor one = desk.put(new double[] {1}, 1);
        BatchNorm norm = new BatchNorm(one, desk.zeros(1), desk.zeros(1), desk.zeros(1));
        Tensor saved = desk.put(new double[] {1, 1}, 2, 1);
        Tensor x = desk.put(new double[] {0, 1, 2}, 3, 1);
        Tensor dy = desk.put(new double[] {3, 0, 0}, 3, 1);
        desk.backend.batchNormBackward(x, true, norm, saved, Mask.NONE, dy, dx, desk.zeros(1), desk.zeros(1));
        assertThat(desk.read(dx)[0]).isZero();
        desk.backend.batchNormBackward(x, false, norm, saved, Mask.NONE, dy, dx, desk.zeros(1), desk.zeros(1));
        assertThat(desk.read(dx)[0]).isEqualTo(1);
    }
}
