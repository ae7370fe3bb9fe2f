package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Regularization.RegMask;
import dev.tarn.backend.Tensor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.ClassifierMasks;
import dev.tarn.model.TextClassifier;
import dev.tarn.model.TextClassifierConfig;
import dev.tarn.nn.Buffer;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Whole trainings of classifiers by fastai: gradual unfreezing step by step, and a tiny one with every value on record. */
class ClassifierTrajectoryTest {

    private static final String TINY = "trajectories/clas_tiny.json";

    /** As {@link TinyTrajectoryTest}: nine digits of single precision over two steps. */
    private static final double BOUND = 2e-6;

    /** The loss of a second step has seen what Adam and the normalisation of nearly equal numbers make of rounding. */
    private static final double LOSS_BOUND = 5 * BOUND;

    /** The largest error of fastai's gradients, in single precision, as a share of the largest element. */
    private static final double FASTAI_LOSES = 2e-5;

    /** fastai's: AR and TAR over padding and all, a step for every batch whatever its length. */
    private static final RnnTrainer TRAINER =
            new RnnTrainer(70, new Regularization(2, 1, 0, ArOn.RAW, NormForm.PAPER, false), false);

    @TestFactory
    Stream<DynamicTest> everyStepOfARecordedGradualUnfreezingIsRepeated() {
        return Golden.cases("07b-classifier-trajectory").stream()
                .flatMap(golden -> Backends.names().stream()
                        .map(name -> DynamicTest.dynamicTest(golden + " on " + name, () -> unfreeze(golden, name))));
    }

    private static void unfreeze(GoldenCase golden, String device) {
        JsonNode config = golden.config();
        JsonNode encoder = config.path("encoder_config");
        int batch = config.path("bs").asInt();
        TextClassifierConfig sizes = new TextClassifierConfig(
                sizes(config.path("V").asInt(), encoder),
                2,
                List.of(config.path("lin").path(0).asInt()),
                List.of(0.0),
                config.path("bptt").asInt(),
                config.path("max_len").asInt());
        Recording recording = new Recording();
        LearnerOptions options = LearnerOptions.of(0)
                .withOptimizer(OptimizerConfig.AdamConfig.DEFAULT.withWd(
                        config.path("wd").asDouble()))
                .withClip(Double.POSITIVE_INFINITY)
                .withRegMask(RegMask.NONE);
        int perStage = config.path("ntrain").asInt() / batch;
        try (Backend backend = Backends.open(device);
                TextClassifier model = new TextClassifier(backend, sizes, 0);
                Learner learner = new Learner(
                        model,
                        new ScriptedDocuments(batch, epochs(golden, "", batch, perStage)),
                        new ScriptedDocuments(batch, validation(golden, batch)),
                        options,
                        List.of(TRAINER, recording),
                        step -> ClassifierMasks.NONE)) {
            for (Parameter parameter : model.parameters().all()) {
                model.parameters().set(parameter.name(), golden.tensor("param." + parameter.name()));
            }
            for (Buffer buffer : model.buffers()) {
                backend.upload(golden.tensor("param." + buffer.name()), buffer.value());
            }
            OneCycle.Shape shape = TrajectoryGoldenTest.shape(config);
            for (int stage = 0; stage < config.path("stages").size(); stage++) {
                JsonNode call = config.path("stages").path(stage);
                switch (call.path("call").asString()) {
                    case "freeze" -> learner.freeze();
                    case "unfreeze" -> learner.unfreeze();
                    default -> learner.freezeTo(-2);
                }
                Rates rates = Rates.parse(call.path("lr").asString().replace(", None", ""));
                learner.fitOneCycle(call.path("epochs").asInt(), rates, shape);
                assertThat(recording.losses)
                        .hasSize(call.path("steps_done_after").asInt());
                assertModel(golden, "stage" + stage, model);
                assertThat(model.batchesTracked()).isEqualTo(recording.losses.size());
            }
            golden.assertClose("ce", recording.ce());
            golden.assertClose("total", recording.total());
            TrajectoryGoldenTest.checkSchedule(golden, recording);
            TrajectoryGoldenTest.checkValidation(golden, recording);
            assertThat(recording.rows).extracting(EpochRow::fit).containsExactly(0, 1, 2);
        }
    }

    private static AwdLstmConfig sizes(int vocab, JsonNode encoder) {
        return new AwdLstmConfig(
                vocab,
                encoder.path("emb_sz").asInt(),
                encoder.path("n_hid").asInt(),
                encoder.path("n_layers").asInt(),
                encoder.path("pad_token").asInt(),
                0,
                0,
                0,
                0,
                0,
                true,
                true);
    }

    private static List<List<DocumentBatch>> epochs(GoldenCase golden, String prefix, int batch, int perEpoch) {
        List<List<DocumentBatch>> epochs = new ArrayList<>();
        for (int k = 0; golden.has(prefix + "x." + k); k++) {
            if (k % perEpoch == 0) {
                epochs.add(new ArrayList<>());
            }
            epochs.get(epochs.size() - 1)
                    .add(ScriptedDocuments.batch(golden.ids(prefix + "x." + k), golden.ids(prefix + "y." + k), batch));
        }
        return epochs;
    }

    /** The same documents after every epoch; the last batch has a single one. */
    private static List<List<DocumentBatch>> validation(GoldenCase golden, int batch) {
        return epochs(golden, "valid.e0.", batch, Integer.MAX_VALUE);
    }

    private static void assertModel(GoldenCase golden, String prefix, TextClassifier model) {
        for (Parameter parameter : model.parameters().all()) {
            golden.assertClose(
                    prefix + "." + parameter.name(), model.parameters().doubles(parameter.name()));
        }
        for (Buffer buffer : model.buffers()) {
            golden.assertClose(prefix + "." + buffer.name(), values(model.backend(), buffer.value()));
        }
    }

    private static double[] values(Backend backend, Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.size())];
        backend.download(tensor, values);
        return values;
    }

    @TestFactory
    Stream<DynamicTest> everyIntermediateValueOfATinyTrainingIsRepeated() {
        Assumptions.assumeTrue(Files.exists(Golden.dir().resolve(TINY)), TINY + " is not in this folder");
        JsonNode golden = Golden.json(TINY);
        Gradients exact = new Gradients();
        replay(golden, "reference", List.of(exact));
        return Backends.names().stream()
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Checks checks = new Checks(trainSteps(golden), exact.steps);
                    replay(golden, name, List.of(checks));
                    assertThat(checks.gradients).isPositive();
                }));
    }

    private static List<JsonNode> trainSteps(JsonNode golden) {
        return golden.path("batches")
                .valueStream()
                .filter(batch -> batch.path("train").asBoolean())
                .toList();
    }

    private static void replay(JsonNode golden, String device, List<Callback> more) {
        List<JsonNode> steps = trainSteps(golden);
        JsonNode init = golden.path("init");
        int[] table = shape(init.path("0.module.encoder.weight"));
        int hidden = shape(init.path("0.module.rnns.0.weight_hh_l0_raw"))[1];
        AwdLstmConfig encoder = new AwdLstmConfig(table[0], table[1], hidden, 3, 1, 0, 0, 0, 0, 0, true, true);
        TextClassifierConfig sizes = new TextClassifierConfig(encoder, 2, List.of(5), List.of(0.0), 4, 8);
        Recording recording = new Recording();
        int batch = steps.get(0).path("x").size();
        try (Backend backend = Backends.open(device);
                TextClassifier model = new TextClassifier(backend, sizes, 0);
                Learner learner = new Learner(
                        model,
                        new ScriptedDocuments(batch, List.of(batches(golden, true, batch))),
                        new ScriptedDocuments(batch, List.of(batches(golden, false, batch))),
                        LearnerOptions.of(0).withRegMask(RegMask.NONE),
                        Stream.concat(Stream.of(TRAINER, recording), more.stream())
                                .toList(),
                        step -> ClassifierMasks.NONE)) {
            for (Parameter parameter : model.parameters().all()) {
                model.parameters()
                        .set(parameter.name(), reals(init.path(parameter.name()).path("data")));
            }
            learner.fitOneCycle(1, Rates.slice(1e-2 / Math.pow(2.6, 4), 1e-2), OneCycle.Shape.of(0.8, 0.7));
            for (int i = 0; i < steps.size(); i++) {
                JsonNode step = steps.get(i);
                StepLoss loss = recording.losses.get(i);
                assertThat(recording.lrs.get(i)).containsExactly(reals(step.path("lr_groups")), within(1e-10));
                assertThat(recording.moms.get(i)).isCloseTo(step.path("mom").asDouble(), within(1e-10));
                assertThat(loss.loss()).isCloseTo(step.path("ce").asDouble(), within(LOSS_BOUND));
                assertThat(loss.smooth()).isCloseTo(step.path("smooth").asDouble(), within(LOSS_BOUND));
                assertThat(loss.total()).isCloseTo(step.path("total_loss").asDouble(), within(LOSS_BOUND));
                assertThat(loss.ar()).isCloseTo(step.path("ar_term").asDouble(), within(BOUND / 10));
                assertThat(loss.tar()).isCloseTo(step.path("tar_term").asDouble(), within(BOUND / 10));
            }
            EpochRow row = recording.rows.get(0);
            assertThat(row.validLoss())
                    .isCloseTo(golden.path("val_losses").path(0).asDouble(), within(LOSS_BOUND));
            assertThat(row.accuracy())
                    .isCloseTo(golden.path("metrics").path(0).path(0).asDouble(), within(1e-7));
            assertModel(golden.path("final"), model);
        }
    }

    private static void assertModel(JsonNode wanted, TextClassifier model) {
        for (Parameter parameter : model.parameters().all()) {
            assertThat(model.parameters().doubles(parameter.name()))
                    .as(parameter.name())
                    .containsExactly(reals(wanted.path(parameter.name()).path("data")), within(BOUND));
        }
        for (Buffer buffer : model.buffers()) {
            assertThat(values(model.backend(), buffer.value()))
                    .as(buffer.name())
                    .containsExactly(reals(wanted.path(buffer.name()).path("data")), within(BOUND));
        }
    }

    private static List<DocumentBatch> batches(JsonNode golden, boolean train, int batch) {
        return golden.path("batches")
                .valueStream()
                .filter(each -> each.path("train").asBoolean() == train)
                .map(each -> ScriptedDocuments.batch(
                        each.path("x")
                                .valueStream()
                                .flatMap(JsonNode::valueStream)
                                .mapToInt(JsonNode::asInt)
                                .toArray(),
                        each.path("y").valueStream().mapToInt(JsonNode::asInt).toArray(),
                        batch))
                .toList();
    }

    private static int[] shape(JsonNode tensor) {
        return tensor.path("shape").valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    private static double[] reals(JsonNode array) {
        return array.valueStream().mapToDouble(JsonNode::asDouble).toArray();
    }

    /** Keeps the gradients of each step. */
    private static final class Gradients implements Callback {

        final List<Map<String, double[]>> steps = new ArrayList<>();

        @Override
        public void onBackwardEnd(Step step) {
            ParameterStore parameters = step.learner().model().parameters();
            steps.add(parameters.all().stream()
                    .collect(Collectors.toMap(Parameter::name, each -> parameters.gradient(each.name()))));
        }
    }

    /** Looks at gradients and weights at each step. */
    private static final class Checks implements Callback {

        private final List<JsonNode> steps;
        private final List<Map<String, double[]>> exact;
        int gradients;

        Checks(List<JsonNode> steps, List<Map<String, double[]>> exact) {
            this.steps = steps;
            this.exact = exact;
        }

        /**
         * The pooled outputs hardly differ, so that normalising them magnifies their rounding some 300 times, fastai's as
         * well as ours: fastai's own gradients are off by 2e-5 of the largest from those in double precision. In the second
         * step ours have also seen what Adam makes of gradients near zero.
         */
        @Override
        public void onBackwardEnd(Step step) {
            int at = (int) step.step();
            JsonNode wanted = steps.get(at).path("grads");
            for (Parameter parameter : step.learner().model().parameters().all()) {
                String name = parameter.name();
                if (wanted.has(name)) {
                    double[] gradient = Objects.requireNonNull(exact.get(at).get(name));
                    double largest =
                            Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
                    assertThat(distance(reals(wanted.path(name)), gradient))
                            .as("fastai's gradient of %s", name)
                            .isLessThan(1e-9 + FASTAI_LOSES * largest);
                    assertThat(distance(step.learner().model().parameters().gradient(name), gradient))
                            .as("gradient of %s", name)
                            .isLessThan(1e-9 + (at == 0 ? 2 : 8) * FASTAI_LOSES * largest);
                    gradients++;
                }
            }
        }

        private static double distance(double[] a, double[] b) {
            assertThat(a).hasSameSizeAs(b);
            return IntStream.range(0, a.length)
                    .mapToDouble(i -> Math.abs(a[i] - b[i]))
                    .max()
                    .orElseThrow();
        }

        @Override
        public void onStepEnd(Step step) {
            JsonNode after = steps.get((int) step.step()).path("params_after_step");
            if (!after.isMissingNode()) {
                assertModel(after, (TextClassifier) step.learner().model());
            }
        }
    }
}
