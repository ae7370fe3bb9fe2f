package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.data.Tokens;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HorizonTest {

    private static final int STREAMS = 3;
    private static final int BPTT = 8;
    private static final int STEPS = 47;

    static List<String> devices() {
        return Backends.names();
    }

    @Test
    void bucketsGrowTenInAFactorOfTen() {
        assertThat(Horizon.ends(20)).containsExactly(1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20);
        assertThat(Horizon.ends(1)).containsExactly(1);
        assertThat(Horizon.ends(7)).containsExactly(1, 2, 3, 4, 5, 6, 7);
        assertThat(Horizon.ends(10_000)).hasSize(38).endsWith(6310, 7943, 10_000);
        assertThat(Horizon.ends(Integer.MAX_VALUE)).endsWith(Integer.MAX_VALUE);
    }

    @Test
    void aTextHasRoomForAsManyStreamsAsFit() {
        Tokens tokens = TinyTask.text(100, 1);
        assertThat(Horizon.streams(tokens, 9, 64)).isEqualTo(10);
        assertThat(Horizon.streams(tokens, 9, 4)).isEqualTo(4);
        assertThat(Horizon.streams(tokens, 99, 64)).isEqualTo(1);
        assertThatThrownBy(() -> Horizon.streams(tokens, 100, 64))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("100 tokens")
                .hasMessageContaining("lower it to 99");
        assertThatThrownBy(() -> Horizon.streams(tokens, Integer.MAX_VALUE, 64)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> Horizon.streams(tokens, 0, 64))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--horizon 0");
    }

    /** Against windows of a single step whose losses and outputs are looked at one by one. */
    @ParameterizedTest
    @MethodSource("devices")
    void bucketsHaveTheMeansOfTheirSteps(String device) {
        Tokens tokens = TinyTask.text(200, 9);
        int perStream = (int) tokens.numTokens() / STREAMS;
        int[] ids = new int[(int) tokens.numTokens()];
        tokens.copy(0, ids, 0, ids.length);
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend)) {
            double[] losses = new double[STEPS];
            double[][][] norms = new double[3][STEPS][STREAMS];
            try (LmWorkspace workspace = model.evaluationWorkspace(STREAMS, 1)) {
                workspace.resetState();
                for (int t = 0; t < STEPS; t++) {
                    int[] inputs = new int[STREAMS];
                    int[] targets = new int[STREAMS];
                    for (int b = 0; b < STREAMS; b++) {
                        inputs[b] = ids[b * perStream + t];
                        targets[b] = ids[b * perStream + t + 1];
                    }
                    workspace.evaluate(inputs, targets, 1);
                    double[] stats = new double[Decoder.STATS];
                    backend.download(workspace.stats(), stats);
                    losses[t] = stats[0];
                    for (int layer = 0; layer < 3; layer++) {
                        int width = TinyTask.MODEL.hiddenSize(layer);
                        double[] h = new double[STREAMS * width];
                        backend.download(workspace.hidden(layer), h);
                        for (int b = 0; b < STREAMS; b++) {
                            norms[layer][t][b] = HiddenNormsTest.norm(h, b * width, width);
                        }
                    }
                }
            }
            Horizon horizon = evaluate(model, tokens, STEPS, BPTT);
            assertThat(horizon.streams()).isEqualTo(STREAMS);
            int next = 1;
            for (Horizon.Bucket bucket : horizon.buckets()) {
                assertThat(bucket.from()).isEqualTo(next);
                next = bucket.to() + 1;
                Moments loss = new Moments();
                for (int t = bucket.from(); t <= bucket.to(); t++) {
                    loss.add(losses[t - 1]);
                }
                assertThat(bucket.loss()).as("%s", bucket).isCloseTo(loss.mean(), within(1e-5));
                for (int layer = 0; layer < 3; layer++) {
                    Moments wanted = new Moments();
                    for (int t = bucket.from(); t <= bucket.to(); t++) {
                        for (double norm : norms[layer][t - 1]) {
                            wanted.add(norm);
                        }
                    }
                    assertThat(bucket.norms().get(layer)).isCloseTo(wanted.mean(), within(1e-5));
                    assertThat(bucket.deviations().get(layer)).isCloseTo(wanted.deviation(), within(1e-5));
                }
            }
            assertThat(next).isEqualTo(STEPS + 1);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void whatComesFirstDoesNotDependOnHowFarItGoes(String device) {
        Tokens tokens = TinyTask.text(9_100, 9);
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend)) {
            Horizon far = evaluate(model, tokens, 3000, 70);
            assertThat(far.buckets()).hasSize(33).allMatch(bucket -> Double.isFinite(bucket.loss()));
            List<Horizon.Bucket> near = evaluate(model, tokens, 20, 70).buckets();
            assertThat(far.buckets().subList(0, near.size())).isEqualTo(near);
        }
    }

    private static Horizon evaluate(LanguageModel model, Tokens tokens, int steps, int bptt) {
        try (HorizonEvaluator evaluator = new HorizonEvaluator(model, tokens, steps, STREAMS, bptt, false)) {
            return evaluator.run();
        }
    }
}
