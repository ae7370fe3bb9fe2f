package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Gradients;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every parameter of a whole classifier against central differences of its total loss: a chunk that is not kept and two
 * that are, padding in all of them, all dropouts drawn.
 *
 * <p>Gradients end at the border of a chunk, so what is differentiated is the loss with the states at the borders held
 * fast. The numbers are the same in every run, since maximum and rectifier have no derivative where random ones may now and
 * then lie.
 */
class ClassifierGradientTest {

    private static final int BATCH = 3;
    private static final int STEPS = 8;
    private static final int BPTT = 3;
    private static final int FIRST_KEPT = 1;
    private static final int CHUNKS = 3;
    private static final int KEPT = STEPS - FIRST_KEPT * BPTT;
    private static final int[] LENGTHS = {8, 4, 1};
    private static final int[] LABELS = {2, 0, 1};
    private static final int PADDING = 1;

    record Case(int layers, boolean maskPadding, Regularization regularization) {}

    static List<Case> cases() {
        return List.of(
                new Case(2, true, Regularization.NONE),
                new Case(2, true, new Regularization(2, 1, 1.5f, ArOn.RAW, NormForm.PAPER, true)),
                new Case(1, false, new Regularization(2, 3, 1.5f, ArOn.DROPPED, NormForm.PAPER, false)),
                new Case(1, true, new Regularization(0.5f, 3, 1.5f, ArOn.DROPPED, NormForm.SEED, false)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyGradientIsTheDerivativeOfLossAndRegularizers(Case what) {
        AwdLstmConfig awdLstm = new AwdLstmConfig(7, 3, 4, what.layers, PADDING, 0.2, 0.3, 0.4, 0.3, 0.2, true, true);
        TextClassifierConfig config =
                new TextClassifierConfig(awdLstm, 3, List.of(5, 4), List.of(0.1, 0.2), BPTT, STEPS - 1);
        Random random = new Random(12);
        int[] ids = ids(random);
        ClassifierMasks masks = new DrawnClassifierMasks(config, 5).step(3);
        try (Backend backend = OnEveryBackend.reference();
                TextClassifier model = new TextClassifier(backend, config, 1);
                ClassifierWorkspace workspace = model.workspace(BATCH, STEPS);
                HeldFast held = new HeldFast(model, ids, masks, what)) {
            for (Parameter parameter : model.parameters().all()) {
                double[] values = random.doubles(parameter.size(), -0.7, 0.7).toArray();
                model.parameters().set(parameter.name(), values);
            }
            model.parameters().zeroGradients();
            workspace.train(ids, STEPS, LABELS, masks, what.regularization, what.maskPadding, 0);
            assertThat(workspace.output().dim(0)).isEqualTo(KEPT);
            double[][] gradients = model.parameters().all().stream()
                    .map(parameter -> model.parameters().gradient(parameter.name()))
                    .toArray(double[][]::new);
            held.rememberStates();
            assertThat(held.total())
                    .isEqualTo(GoldenModel.values(backend, workspace.stats())[0]
                            + Arrays.stream(GoldenModel.values(backend, workspace.penalties()))
                                    .sum());
            for (int i = 0; i < gradients.length; i++) {
                check(model, held, what, model.parameters().all().get(i), gradients[i]);
            }
        }
    }

    private static void check(TextClassifier model, HeldFast held, Case what, Parameter parameter, double[] gradient) {
        double[] here = model.parameters().doubles(parameter.name());
        int width = model.config().awdLstm().embSz();
        // The loss depends on the row of the padding, which by fastai's rule gets no gradient.
        int skip = parameter.group() == 0 ? (PADDING + 1) * width : 0;
        if (parameter.group() == 0) {
            assertThat(Arrays.copyOfRange(gradient, PADDING * width, skip)).containsOnly(0);
        }
        double[] rest = Arrays.copyOfRange(here, skip, here.length);
        Gradients.assertMatch(
                what + " " + parameter.name(), rest, Arrays.copyOfRange(gradient, skip, here.length), values -> {
                    double[] moved = here.clone();
                    System.arraycopy(values, 0, moved, skip, values.length);
                    model.parameters().set(parameter.name(), moved);
                    return held.total();
                });
        model.parameters().set(parameter.name(), here);
    }

    /** The total loss as a function of the parameters while each chunk that is kept starts from a remembered state. */
    private static final class HeldFast implements AutoCloseable {

        private final Backend backend;
        private final int[] ids;
        private final ClassifierMasks masks;
        private final Case what;
        private final Arena arena;
        private final Encoder encoder;
        private final ClassifierHead head;
        private final Tensor keptIds;
        private final Tensor labels;
        private final Tensor stats;
        private final Tensor penalties;
        private final Tensor gradient;
        private final List<List<double[]>> states = new ArrayList<>();

        HeldFast(TextClassifier model, int[] ids, ClassifierMasks masks, Case what) {
            this.backend = model.backend();
            this.ids = ids;
            this.masks = masks;
            this.what = what;
            AwdLstmConfig awdLstm = model.config().awdLstm();
            arena = backend.arena("test");
            encoder = new Encoder(backend, awdLstm, model.encoder(), arena, BATCH, BPTT, CHUNKS - FIRST_KEPT, true);
            head = new ClassifierHead(model, arena, BATCH, true);
            keptIds = arena.ids("ids", KEPT, BATCH);
            labels = arena.ids("labels", BATCH);
            stats = arena.real("stats", Decoder.STATS);
            penalties = arena.real("penalties", Regularization.VALUES);
            gradient = arena.real("gradient", KEPT, BATCH, awdLstm.embSz());
            backend.upload(LABELS, labels);
            backend.upload(Arrays.copyOfRange(ids, FIRST_KEPT * BPTT * BATCH, ids.length), keptIds);
        }

        /** Runs all chunks in a row and keeps the states that those which are kept start from. */
        void rememberStates() {
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                List<double[]> state = new ArrayList<>();
                for (int layer = 0; layer < what.layers; layer++) {
                    state.add(GoldenModel.values(backend, encoder.hidden(layer)));
                    state.add(GoldenModel.values(backend, encoder.cell(layer)));
                }
                states.add(state);
                int columns = Math.min(BPTT, STEPS - chunk * BPTT);
                Tensor tokens = arena.ids("ids of a chunk", columns, BATCH);
                backend.upload(Arrays.copyOfRange(ids, chunk * BPTT * BATCH, (chunk * BPTT + columns) * BATCH), tokens);
                encoder.load(masks.chunk(chunk));
                encoder.forward(Math.max(0, chunk - FIRST_KEPT), tokens, masks.chunk(chunk), 0);
            }
        }

        double total() {
            Padding padding = Padding.count(keptIds, ids, FIRST_KEPT * BPTT * BATCH, PADDING);
            for (int chunk = FIRST_KEPT; chunk < CHUNKS; chunk++) {
                for (int layer = 0; layer < what.layers; layer++) {
                    backend.upload(states.get(chunk).get(2 * layer), encoder.hidden(layer));
                    backend.upload(states.get(chunk).get(2 * layer + 1), encoder.cell(layer));
                }
                int start = (chunk - FIRST_KEPT) * BPTT;
                encoder.load(masks.chunk(chunk));
                encoder.forward(
                        chunk - FIRST_KEPT,
                        keptIds.view((long) start * BATCH, Math.min(BPTT, KEPT - start), BATCH),
                        masks.chunk(chunk),
                        0);
            }
            head.load();
            Tensor output = encoder.output(KEPT);
            head.train(output, padding, labels, masks, stats, gradient);
            backend.regularize(
                    what.regularization,
                    output,
                    what.maskPadding ? padding : null,
                    Mask.NONE,
                    encoder.initialHidden(0),
                    gradient,
                    gradient,
                    penalties,
                    null);
            return GoldenModel.values(backend, stats)[0]
                    + Arrays.stream(GoldenModel.values(backend, penalties)).sum();
        }

        @Override
        public void close() {
            head.close();
            encoder.close();
            arena.close();
        }
    }

    /** Padded on the left, as a batch is. */
    private static int[] ids(Random random) {
        int[] ids = new int[STEPS * BATCH];
        Arrays.fill(ids, PADDING);
        for (int b = 0; b < BATCH; b++) {
            for (int t = STEPS - LENGTHS[b]; t < STEPS; t++) {
                ids[t * BATCH + b] = 2 + random.nextInt(5);
            }
        }
        return ids;
    }
}
