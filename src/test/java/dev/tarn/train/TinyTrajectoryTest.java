package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.data.Batch;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.MaskSource;
import dev.tarn.model.TrainableModel;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Golden;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/**
 * A tiny training by fastai with every intermediate value on record: carried states, penalties, gradients, weights.
 *
 * <p>The values were printed with nine digits from single precision, without what that lost; the bound is the rounding of
 * values of their size over the ten steps, and three times that for sums over the vocabulary.
 */
class TinyTrajectoryTest {

    private static final String FILE = "trajectories/lm_tiny.json";
    private static final double BOUND = 2e-6;

    @TestFactory
    Stream<DynamicTest> everyIntermediateValueIsRepeated() {
        Assumptions.assumeTrue(Files.exists(Golden.dir().resolve(FILE)), FILE + " is not in this folder");
        JsonNode golden = Golden.json(FILE);
        return Backends.names().stream().map(name -> DynamicTest.dynamicTest(name, () -> replay(golden, name)));
    }

    private static void replay(JsonNode golden, String device) {
        JsonNode config = golden.path("config");
        AwdLstmConfig sizes = new AwdLstmConfig(
                golden.path("vocab").asInt(),
                config.path("emb_sz").asInt(),
                config.path("n_hid").asInt(),
                config.path("n_layers").asInt(),
                config.path("pad_token").asInt(),
                0,
                0,
                0,
                0,
                0,
                true,
                true);
        List<JsonNode> steps = golden.path("batches")
                .valueStream()
                .filter(batch -> batch.path("train").asBoolean())
                .toList();
        Recording recording = new Recording();
        Checks checks = new Checks(steps);
        try (Backend backend = Backends.open(device);
                LanguageModel model = new LanguageModel(backend, sizes, 0);
                Learner learner = new Learner(
                        model,
                        windows(golden, true),
                        windows(golden, false),
                        LearnerOptions.of(0).withValidState(ValidState.CARRIED),
                        List.of(
                                new RnnTrainer(
                                        steps.get(0).path("x").path(0).size(),
                                        new Regularization(2, 1, 0, ArOn.RAW, NormForm.SEED, false),
                                        false),
                                recording,
                                checks),
                        step -> MaskSource.NONE)) {
            JsonNode initial = golden.path("init");
            for (Parameter parameter : model.parameters().all()) {
                model.parameters()
                        .set(
                                parameter.name(),
                                reals(initial.path(parameter.name()).path("data")));
            }
            learner.fitOneCycle(2, Rates.slice(1e-3, 1e-2), OneCycle.Shape.of(0.8, 0.7));
            for (int i = 0; i < steps.size(); i++) {
                JsonNode step = steps.get(i);
                StepLoss loss = recording.losses.get(i);
                assertThat(recording.lrs.get(i)).containsExactly(reals(step.path("lr_groups")), within(1e-10));
                assertThat(recording.moms.get(i)).isCloseTo(step.path("mom").asDouble(), within(1e-10));
                assertThat(loss.loss()).isCloseTo(step.path("ce").asDouble(), within(3 * BOUND));
                assertThat(loss.smooth()).isCloseTo(step.path("smooth").asDouble(), within(3 * BOUND));
                assertThat(loss.total()).isCloseTo(step.path("total_loss").asDouble(), within(3 * BOUND));
                assertThat(loss.ar()).isCloseTo(step.path("ar_term").asDouble(), within(BOUND / 10));
                assertThat(loss.tar()).isCloseTo(step.path("tar_term").asDouble(), within(BOUND / 10));
            }
            for (int epoch = 0; epoch < recording.rows.size(); epoch++) {
                EpochRow row = recording.rows.get(epoch);
                assertThat(row.validLoss())
                        .isCloseTo(golden.path("val_losses").path(epoch).asDouble(), within(3 * BOUND));
                assertThat(row.accuracy())
                        .isCloseTo(golden.path("metrics").path(epoch).path(0).asDouble(), within(1e-7));
            }
            for (Parameter parameter : model.parameters().all()) {
                assertThat(model.parameters().doubles(parameter.name()))
                        .as(parameter.name())
                        .containsExactly(
                                reals(golden.path("final")
                                        .path(parameter.name())
                                        .path("data")),
                                within(BOUND));
            }
        }
        assertThat(checks.states).isEqualTo(10);
        assertThat(checks.gradients).isEqualTo(2);
    }

    /** The training or validation windows, in two epochs. */
    private static ScriptedBatches windows(JsonNode golden, boolean train) {
        List<List<Batch>> epochs = new ArrayList<>();
        boolean last = !train;
        for (JsonNode batch : golden.path("batches")) {
            boolean training = batch.path("train").asBoolean();
            if (training == train) {
                if (last != train) {
                    epochs.add(new ArrayList<>());
                }
                int[] x = ids(batch.path("x"));
                int[] y = ids(batch.path("y"));
                int size = batch.path("x").size();
                epochs.get(epochs.size() - 1).add(new Batch(x, y, x.length / size, size));
            }
            last = training;
        }
        return new ScriptedBatches(epochs);
    }

    /** Rows of a batch, turned so that time comes first. */
    private static int[] ids(JsonNode rows) {
        int batch = rows.size();
        int steps = rows.path(0).size();
        int[] ids = new int[batch * steps];
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                ids[t * batch + b] = rows.path(b).path(t).asInt();
            }
        }
        return ids;
    }

    private static double[] reals(JsonNode array) {
        return array.valueStream().mapToDouble(JsonNode::asDouble).toArray();
    }

    private static double[] flat(JsonNode node) {
        return node.isArray()
                ? node.valueStream()
                        .flatMapToDouble(inner -> Arrays.stream(flat(inner)))
                        .toArray()
                : new double[] {node.asDouble()};
    }

    /** Looks at what lies on the device at each step. */
    private static final class Checks implements Callback {

        private final List<JsonNode> steps;
        int states;
        int gradients;

        Checks(List<JsonNode> steps) {
            this.steps = steps;
        }

        @Override
        public void onBatchBegin(Step step) {
            JsonNode h0 = steps.get((int) step.step()).path("h0");
            for (int layer = 0; layer < h0.size(); layer++) {
                double[] h = download(step, step.learner().workspace().hidden(layer));
                double[] c = download(step, step.learner().workspace().cell(layer));
                double[] both = Arrays.copyOf(h, h.length + c.length);
                System.arraycopy(c, 0, both, h.length, c.length);
                double[] recorded = flat(h0.path(layer));
                // The zero state at the start of an epoch is recorded without its c.
                assertThat(Arrays.copyOf(both, recorded.length))
                        .as("state of layer %d at %s", layer, step)
                        .containsExactly(recorded, within(BOUND));
            }
            states++;
        }

        @Override
        public void onBackwardEnd(Step step) {
            TrainableModel model = step.learner().model();
            JsonNode golden = steps.get((int) step.step());
            assertThat(download(step, step.learner().workspace().raw(2)))
                    .containsExactly(turned(golden), within(BOUND));
            if (golden.has("grads")) {
                for (Parameter parameter : model.parameters().all()) {
                    assertThat(model.parameters().gradient(parameter.name()))
                            .as("gradient of %s", parameter.name())
                            .containsExactly(reals(golden.path("grads").path(parameter.name())), within(BOUND / 4));
                }
                gradients++;
            }
        }

        @Override
        public void onStepEnd(Step step) {
            JsonNode after = steps.get((int) step.step()).path("params_after_step");
            if (!after.isMissingNode()) {
                for (Parameter parameter : step.learner().model().parameters().all()) {
                    assertThat(step.learner().model().parameters().doubles(parameter.name()))
                            .as("%s after %s", parameter.name(), step)
                            .containsExactly(reals(after.path(parameter.name()).path("data")), within(BOUND));
                }
            }
        }

        /** The last layer's output, recorded batch first. */
        private static double[] turned(JsonNode golden) {
            double[] recorded = reals(golden.path("last_h"));
            int batch = golden.path("last_h_shape").path(0).asInt();
            int steps = golden.path("last_h_shape").path(1).asInt();
            int width = golden.path("last_h_shape").path(2).asInt();
            double[] turned = new double[recorded.length];
            for (int b = 0; b < batch; b++) {
                for (int t = 0; t < steps; t++) {
                    System.arraycopy(recorded, (b * steps + t) * width, turned, (t * batch + b) * width, width);
                }
            }
            return turned;
        }

        private static double[] download(Step step, Tensor tensor) {
            double[] values = new double[Math.toIntExact(tensor.size())];
            step.learner().model().backend().download(tensor, values);
            return values;
        }
    }
}
