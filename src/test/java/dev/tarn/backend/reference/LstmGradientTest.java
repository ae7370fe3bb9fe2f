package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LstmGradientTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final Desk desk = new Desk();

    /** The arguments of one layer, and a loss that is a random linear function of everything it gives. */
    private final class Problem {
        final int steps;
        final int batch;
        final int inputSize;
        final int hiddenSize;
        final Mask weightDrop;
        final double[] x;
        final double[] h0;
        final double[] c0;
        final double[] wIh;
        final double[] wHh;
        final double[] bIh;
        final double[] bHh;
        final double[] dy;
        final double[] dhT;
        final double[] dcT;

        Problem(int steps, int batch, int inputSize, int hiddenSize, Mask weightDrop) {
            this.steps = steps;
            this.batch = batch;
            this.inputSize = inputSize;
            this.hiddenSize = hiddenSize;
            this.weightDrop = weightDrop;
            x = seeds.doubles(steps * batch * inputSize, 1);
            h0 = seeds.doubles(batch * hiddenSize, 0.5);
            c0 = seeds.doubles(batch * hiddenSize, 1);
            wIh = seeds.doubles(4 * hiddenSize * inputSize, 0.5);
            wHh = seeds.doubles(4 * hiddenSize * hiddenSize, 0.5);
            bIh = seeds.doubles(4 * hiddenSize, 0.5);
            bHh = seeds.doubles(4 * hiddenSize, 0.5);
            dy = seeds.doubles(steps * batch * hiddenSize, 1);
            dhT = seeds.doubles(batch * hiddenSize, 1);
            dcT = seeds.doubles(batch * hiddenSize, 1);
        }

        Forward forward() {
            Lstm lstm = desk.backend.lstm(batch, steps + 2, inputSize, hiddenSize);
            LstmWeights weights = new LstmWeights(
                    desk.put(wIh, 4 * hiddenSize, inputSize),
                    desk.put(wHh, 4 * hiddenSize, hiddenSize),
                    desk.put(bIh, 4 * hiddenSize),
                    desk.put(bHh, 4 * hiddenSize));
            lstm.load(weights, weightDrop);
            Forward run = new Forward(
                    lstm,
                    desk.put(x, steps, batch, inputSize),
                    desk.put(h0, batch, hiddenSize),
                    desk.put(c0, batch, hiddenSize),
                    desk.zeros(steps, batch, hiddenSize),
                    desk.zeros(batch, hiddenSize),
                    desk.zeros(batch, hiddenSize));
            lstm.forward(run.x, run.h0, run.c0, run.y, run.hT, run.cT, true);
            return run;
        }

        double loss() {
            Forward run = forward();
            return Desk.dot(dy, desk.read(run.y)) + Desk.dot(dhT, desk.read(run.hT)) + Desk.dot(dcT, desk.read(run.cT));
        }
    }

    private record Forward(Lstm lstm, Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT) {}

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "1,3,2,2", "4,1,3,2", "3,2,2,3", "6,2,1,3"})
    void everyGradientMatchesDifferencesWithAndWithoutWeightDrop(int steps, int batch, int inputSize, int hiddenSize) {
        check(new Problem(steps, batch, inputSize, hiddenSize, Mask.NONE));
        check(new Problem(steps, batch, inputSize, hiddenSize, Desk.drawn(0.4, seeds.seed())));
        double[] given = seeds.doubles(4 * hiddenSize * hiddenSize, 1);
        check(new Problem(
                steps, batch, inputSize, hiddenSize, new Mask.Given(desk.put(given, 4 * hiddenSize, hiddenSize))));
    }

    private void check(Problem p) {
        Forward run = p.forward();
        int gates = 4 * p.hiddenSize;
        Tensor dx = desk.zeros(p.steps, p.batch, p.inputSize);
        Tensor dh0 = desk.zeros(p.batch, p.hiddenSize);
        Tensor dc0 = desk.zeros(p.batch, p.hiddenSize);
        LstmWeights gradients = new LstmWeights(
                desk.zeros(gates, p.inputSize), desk.zeros(gates, p.hiddenSize), desk.zeros(gates), desk.zeros(gates));
        run.lstm.backward(
                run.x,
                run.h0,
                run.c0,
                run.y,
                desk.put(p.dy, p.steps, p.batch, p.hiddenSize),
                desk.put(p.dhT, p.batch, p.hiddenSize),
                desk.put(p.dcT, p.batch, p.hiddenSize),
                dx,
                dh0,
                dc0,
                gradients);
        ToDoubleFunction<double[]> loss = ignored -> p.loss();
        Gradients.assertMatch("x", p.x, desk.read(dx), loss);
        Gradients.assertMatch("h0", p.h0, desk.read(dh0), loss);
        Gradients.assertMatch("c0", p.c0, desk.read(dc0), loss);
        Gradients.assertMatch("wIh", p.wIh, desk.read(gradients.wIh()), loss);
        Gradients.assertMatch("wHh", p.wHh, desk.read(gradients.wHh()), loss);
        Gradients.assertMatch("bIh", p.bIh, desk.read(gradients.bIh()), loss);
        Gradients.assertMatch("bHh", p.bHh, desk.read(gradients.bHh()), loss);
    }

    @Test
    void oneUnitComesOutAsWorkedOutByHand() {
        Lstm lstm = desk.backend.lstm(1, 1, 1, 1);
        lstm.load(
                new LstmWeights(
                        desk.put(new double[] {1, 2, 3, 4}, 4, 1),
                        desk.put(new double[] {0.5, 0.25, -1, 0.125}, 4, 1),
                        desk.put(new double[] {0.1, 0.2, 0.3, 0.4}, 4),
                        desk.put(new double[] {0.01, 0.02, 0.03, 0.04}, 4)),
                Mask.NONE);
        Tensor y = desk.zeros(1, 1, 1);
        Tensor cT = desk.zeros(1, 1);
        lstm.forward(
                desk.put(new double[] {0.5}, 1, 1, 1),
                desk.put(new double[] {2}, 1, 1),
                desk.put(new double[] {-1}, 1, 1),
                y,
                desk.zeros(1, 1),
                cT,
                false);
        double i = sigmoid(0.5 + 1 + 0.11);
        double f = sigmoid(1 + 0.5 + 0.22);
        double g = Math.tanh(1.5 - 2 + 0.33);
        double o = sigmoid(2 + 0.25 + 0.44);
        assertThat(desk.read(cT)[0]).isCloseTo(-f + i * g, within(1e-15));
        assertThat(desk.read(y)[0]).isCloseTo(o * Math.tanh(-f + i * g), within(1e-15));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @Test
    void weightDropChangesNothingAtTheFirstStepFromAZeroStateAndSomethingAfterIt() {
        Problem raw = new Problem(3, 2, 2, 8, Mask.NONE);
        Arrays.fill(raw.h0, 0);
        double[] plain = desk.read(raw.forward().y);
        Lstm lstm = desk.backend.lstm(2, 3, 2, 8);
        lstm.load(
                new LstmWeights(
                        desk.put(raw.wIh, 32, 2),
                        desk.put(raw.wHh, 32, 8),
                        desk.put(raw.bIh, 32),
                        desk.put(raw.bHh, 32)),
                Desk.drawn(0.5, seeds.seed()));
        Tensor y = desk.zeros(3, 2, 8);
        lstm.forward(
                desk.put(raw.x, 3, 2, 2),
                desk.zeros(2, 8),
                desk.put(raw.c0, 2, 8),
                y,
                desk.zeros(2, 8),
                desk.zeros(2, 8),
                false);
        double[] dropped = desk.read(y);
        assertThat(Arrays.copyOf(dropped, 16)).isEqualTo(Arrays.copyOf(plain, 16));
        for (int b = 0; b < 2; b++) {
            assertThat(dropped[16 + 8 * b]).isNotEqualTo(plain[16 + 8 * b]);
        }
    }

    @Test
    void aBackwardNeedsItsOwnTrainingForwardAndAForwardNeedsWeights() {
        Problem p = new Problem(2, 1, 1, 1, Mask.NONE);
        Forward run = p.forward();
        Tensor dy = desk.put(p.dy, 2, 1, 1);
        run.lstm.backward(run.x, run.h0, run.c0, run.y, dy, null, null, null, null, null, null);
        assertThatThrownBy(
                        () -> run.lstm.backward(run.x, run.h0, run.c0, run.y, dy, null, null, null, null, null, null))
                .isInstanceOf(IllegalStateException.class);
        Lstm empty = desk.backend.lstm(1, 2, 1, 1);
        assertThatThrownBy(() -> empty.forward(run.x, run.h0, run.c0, run.y, run.hT, run.cT, false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no weights");
    }
}
