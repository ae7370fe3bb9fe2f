package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.testkit.TestDevice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every device refuses a call whose shapes do not fit, before it touches memory, and names what it got. */
class ShapeChecksTest {

    static Stream<TestDevice> devices() {
        return TestDevice.all().stream();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void wrongShapesAreRefusedWithTheShapeThatWasGiven(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("shapes");
                Lstm lstm = backend.lstm(2, 4, 5, 3);
                Decoder decoder = backend.decoder(7, 3, 8)) {
            Calls calls = new Calls(backend, arena, lstm, decoder);
            assertThatCode(calls::allRight).doesNotThrowAnyException();
            calls.wrong()
                    .forEach((given, call) -> assertThatThrownBy(call::run)
                            .as(given)
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining(given.substring(given.indexOf('['))));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aWindowThatThePlanDoesNotKeepIsRefused(TestDevice device) {
        try (Backend backend = device.open();
                Lstm lstm = backend.lstm(1, 1, 1, 1, 3)) {
            assertThatCode(() -> lstm.window(2)).doesNotThrowAnyException();
            for (int window : new int[] {-1, 3}) {
                assertThatThrownBy(() -> lstm.window(window))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(window + ", but the plan keeps 3");
            }
            assertThatThrownBy(() -> backend.lstm(1, 1, 1, 1, -1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1 windows");
        }
    }

    /** T=4, B=2, E=I=5, H=3, V=7. */
    private record Calls(Backend backend, Arena arena, Lstm lstm, Decoder decoder) {

        private Tensor real(int... shape) {
            return arena.real("x", shape);
        }

        private Tensor ids(int... shape) {
            return arena.ids("ids", shape);
        }

        private Mask given(int size) {
            return new Mask.Given(real(size));
        }

        private LstmWeights weights(int i, int h) {
            return new LstmWeights(real(4 * h, i), real(4 * h, h), real(4 * h), real(4 * h));
        }

        private void forward(Tensor x, Tensor h0, Tensor y) {
            lstm.forward(x, h0, real(2, 3), y, real(2, 3), real(2, 3), true);
        }

        private void regularize(Tensor h0, Tensor dh, Tensor values, Mask mask) {
            Regularization spec = new Regularization(2, 1, 1, ArOn.DROPPED, NormForm.PAPER, true);
            backend.regularize(spec, real(4, 2, 3), mask, h0, real(4, 2, 3), dh, values, null);
        }

        private void adam(Tensor m, int segment, double[] lr) {
            double[] wd = new double[1];
            List<Segment> segments = List.of(new Segment(0, segment, 0));
            backend.adam(real(6), real(6), m, real(6), segments, lr, wd, true, 0.9, 0.99, 1e-8, 1, null);
        }

        private BatchNorm norm(int f) {
            return new BatchNorm(real(f), real(f), real(f), real(f));
        }

        private Padding padding(Tensor ids, long steps) {
            return new Padding(ids, 1, steps, 0, 0);
        }

        private void pool(Tensor h, Padding padding, Tensor out, Tensor steps) {
            backend.pool(h, padding, out, steps);
        }

        private void poolBackward(Tensor dOut, Tensor ids, Tensor steps) {
            backend.poolBackward(dOut, padding(ids, 8), steps, real(4, 2, 3));
        }

        private void linear(Tensor x, Tensor b, Tensor y) {
            backend.linear(x, real(3, 5), b, y);
        }

        private void linearBackward(Tensor dy, Tensor dx, Tensor dw, Tensor db) {
            backend.linearBackward(real(2, 5), real(3, 5), dy, dx, dw, db);
        }

        private void batchNorm(Tensor x, BatchNorm norm, Tensor saved, Mask mask) {
            backend.batchNorm(x, true, norm, saved, mask, real(2, 3));
        }

        private void batchNormBackward(Tensor dy, Tensor dx, Tensor dGamma, Tensor dBeta) {
            backend.batchNormBackward(real(2, 3), true, norm(3), real(2, 3), given(6), dy, dx, dGamma, dBeta);
        }

        void allRight() {
            backend.embed(real(7, 5), ids(4, 2), given(7), given(10), real(4, 2, 5));
            backend.embedBackward(real(4, 2, 5), ids(4, 2), given(7), given(10), 6, real(7, 5));
            backend.lockedDropout(real(4, 2, 3), given(6), real(4, 2, 3));
            regularize(real(2, 3), real(4, 2, 3), real(3), given(6));
            lstm.load(weights(5, 3), given(36));
            forward(real(4, 2, 5), real(2, 3), real(4, 2, 3));
            decoder.load(real(7, 3), real(7));
            decoder.loss(real(4, 2, 3), ids(4, 2), real(2));
            decoder.lossAndGradients(real(8, 3), ids(8), real(2), real(8, 3), real(7, 3), real(7));
            decoder.logits(real(1, 3), real(1, 7));
            adam(real(6), 6, new double[] {0.1});
            pool(real(4, 2, 3), padding(ids(4, 2), 8), real(2, 9), ids(2, 3));
            poolBackward(real(2, 9), ids(4, 2), ids(2, 3));
            linear(real(2, 5), real(3), real(2, 3));
            linearBackward(real(2, 3), real(2, 5), real(3, 5), real(3));
            batchNorm(real(2, 3), norm(3), real(2, 3), given(6));
            backend.batchNormEvaluate(real(1, 3), false, norm(3), real(1, 3));
            batchNormBackward(real(2, 3), real(2, 3), real(3), real(3));
        }

        /** Calls by what is wrong with them; the text from the bracket on must be in the message. */
        Map<String, Runnable> wrong() {
            Map<String, Runnable> wrong = new LinkedHashMap<>();
            wrong.put(
                    "embed out [4,2,4]",
                    () -> backend.embed(real(7, 5), ids(4, 2), Mask.NONE, Mask.NONE, real(4, 2, 4)));
            wrong.put("embed rows [6]", () -> backend.embed(real(7, 5), ids(4, 2), given(6), Mask.NONE, real(4, 2, 5)));
            wrong.put(
                    "embed input [20]",
                    () -> backend.embed(real(7, 5), ids(4, 2), Mask.NONE, given(20), real(4, 2, 5)));
            wrong.put(
                    "embedBackward dOut [4,2,4]",
                    () -> backend.embedBackward(real(4, 2, 4), ids(4, 2), Mask.NONE, Mask.NONE, -1, real(7, 5)));
            wrong.put(
                    "embedBackward padding [7,5]",
                    () -> backend.embedBackward(real(4, 2, 5), ids(4, 2), Mask.NONE, Mask.NONE, 7, real(7, 5)));
            wrong.put("dropout out [2,4,3]", () -> backend.lockedDropout(real(4, 2, 3), Mask.NONE, real(2, 4, 3)));
            wrong.put("dropout mask [24]", () -> backend.lockedDropout(real(4, 2, 3), given(24), real(4, 2, 3)));
            wrong.put("regularize h0 [3,2]", () -> regularize(real(3, 2), real(4, 2, 3), real(3), Mask.NONE));
            wrong.put("regularize dh [4,6]", () -> regularize(real(2, 3), real(4, 6), real(3), Mask.NONE));
            wrong.put("regularize values [2]", () -> regularize(real(2, 3), real(4, 2, 3), real(2), Mask.NONE));
            wrong.put("lstm weights [12,4]", () -> lstm.load(weights(4, 3), Mask.NONE));
            wrong.put("lstm weightDrop [12]", () -> lstm.load(weights(5, 3), given(12)));
            wrong.put("lstm too long [5,2,5]", () -> forward(real(5, 2, 5), real(2, 3), real(5, 2, 3)));
            wrong.put("lstm other batch [4,1,5]", () -> forward(real(4, 1, 5), real(2, 3), real(4, 2, 3)));
            wrong.put("lstm h0 [1,3]", () -> forward(real(4, 2, 5), real(1, 3), real(4, 2, 3)));
            wrong.put("lstm y [3,2,3]", () -> forward(real(4, 2, 5), real(2, 3), real(3, 2, 3)));
            wrong.put("decoder w [3,7]", () -> decoder.load(real(3, 7), null));
            wrong.put("decoder b [3]", () -> decoder.load(real(7, 3), real(3)));
            wrong.put("decoder too many rows [9,3]", () -> decoder.loss(real(9, 3), ids(9), real(2)));
            wrong.put("decoder targets [7]", () -> decoder.loss(real(8, 3), ids(7), real(2)));
            wrong.put(
                    "decoder dx [7,3]",
                    () -> decoder.lossAndGradients(real(8, 3), ids(8), real(2), real(7, 3), null, null));
            wrong.put(
                    "decoder dw [7,2]",
                    () -> decoder.lossAndGradients(real(8, 3), ids(8), real(2), real(8, 3), real(7, 2), null));
            wrong.put("decoder logits [2,7]", () -> decoder.logits(real(1, 3), real(2, 7)));
            wrong.put("adam m [5]", () -> adam(real(5), 6, new double[] {0.1}));
            wrong.put("adam segment beyond [6]", () -> adam(real(6), 7, new double[] {0.1}));
            wrong.put("adam without rates [6]", () -> adam(real(6), 6, new double[0]));
            wrong.put("pool out [2,6]", () -> pool(real(4, 2, 3), padding(ids(4, 2), 8), real(2, 6), ids(2, 3)));
            wrong.put("pool padding [4,3]", () -> pool(real(4, 2, 3), padding(ids(4, 3), 8), real(2, 9), ids(2, 3)));
            wrong.put(
                    "pool more words than [4,2]",
                    () -> pool(real(4, 2, 3), padding(ids(4, 2), 9), real(2, 9), ids(2, 3)));
            wrong.put("pool steps [2,4]", () -> pool(real(4, 2, 3), padding(ids(4, 2), 8), real(2, 9), ids(2, 4)));
            wrong.put("poolBackward dOut [2,8]", () -> poolBackward(real(2, 8), ids(4, 2), ids(2, 3)));
            wrong.put("poolBackward padding [3,2]", () -> poolBackward(real(2, 9), ids(3, 2), ids(2, 3)));
            wrong.put("poolBackward steps [3,2]", () -> poolBackward(real(2, 9), ids(4, 2), ids(3, 2)));
            wrong.put("linear w [3,4]", () -> backend.linear(real(2, 5), real(3, 4), real(3), real(2, 3)));
            wrong.put("linear b [5]", () -> linear(real(2, 5), real(5), real(2, 3)));
            wrong.put("linear y [3,3]", () -> linear(real(2, 5), real(3), real(3, 3)));
            wrong.put("linear dy [2,5]", () -> linearBackward(real(2, 5), real(2, 5), real(3, 5), real(3)));
            wrong.put("linear dx [2,3]", () -> linearBackward(real(2, 3), real(2, 3), real(3, 5), real(3)));
            wrong.put("linear dw [5,3]", () -> linearBackward(real(2, 3), real(2, 5), real(5, 3), real(3)));
            wrong.put("linear db [2]", () -> linearBackward(real(2, 3), real(2, 5), real(3, 5), real(2)));
            wrong.put("batchNorm of one row [1,3]", () -> batchNorm(real(1, 3), norm(3), real(2, 3), given(3)));
            wrong.put("batchNorm gamma [2]", () -> batchNorm(real(2, 3), norm(2), real(2, 3), given(6)));
            wrong.put("batchNorm saved [3,2]", () -> batchNorm(real(2, 3), norm(3), real(3, 2), given(6)));
            wrong.put("batchNorm mask [3]", () -> batchNorm(real(2, 3), norm(3), real(2, 3), given(3)));
            wrong.put(
                    "batchNormEvaluate y [2,2]",
                    () -> backend.batchNormEvaluate(real(2, 3), false, norm(3), real(2, 2)));
            wrong.put("batchNormBackward dy [3,3]", () -> batchNormBackward(real(3, 3), real(2, 3), real(3), real(3)));
            wrong.put("batchNormBackward dx [2,4]", () -> batchNormBackward(real(2, 3), real(2, 4), real(3), real(3)));
            wrong.put(
                    "batchNormBackward dGamma [4]", () -> batchNormBackward(real(2, 3), real(2, 3), real(4), real(3)));
            wrong.put("batchNormBackward dBeta [2]", () -> batchNormBackward(real(2, 3), real(2, 3), real(3), real(2)));
            wrong.put("copy [7]", () -> backend.copy(real(6), real(7)));
            return wrong;
        }
    }
}
