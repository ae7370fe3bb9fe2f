package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.MaskSource;
import dev.tarn.model.TrainableModel;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Whole trainings by fastai's own Learner, step by step: one-cycle Adam, clipping, regularizers, validation. */
class TrajectoryGoldenTest {

    @TestFactory
    Stream<DynamicTest> everyStepOfARecordedTrainingIsRepeated() {
        return Golden.cases("08-training-trajectory").stream()
                .flatMap(golden -> Backends.names().stream()
                        .map(name -> DynamicTest.dynamicTest(golden + " on " + name, () -> replay(golden, name))));
    }

    private static void replay(GoldenCase golden, String device) {
        JsonNode config = golden.config();
        int batch = config.path("bs").asInt();
        int bptt = config.path("bptt").asInt();
        int epochs = config.path("ep").asInt();
        Recording recording = new Recording();
        try (Backend backend = Backends.open(device);
                LanguageModel model = new LanguageModel(backend, model(config), 0);
                Learner learner = new Learner(
                        model,
                        ScriptedBatches.of(
                                golden.ids("x"),
                                golden.ids("y"),
                                batch,
                                bptt,
                                config.path("nb").asInt()),
                        ScriptedBatches.of(
                                golden.ids("valid_x"),
                                golden.ids("valid_y"),
                                batch,
                                bptt,
                                config.path("nval").asInt()),
                        options(config),
                        List.of(trainer(config), recording, new Snapshots(golden)),
                        step -> MaskSource.NONE)) {
            for (Parameter parameter : model.parameters().all()) {
                model.parameters().set(parameter.name(), golden.tensor("param." + parameter.name()));
            }
            learner.fitOneCycle(epochs, rates(config.path("lr_max")), shape(config));
            golden.assertClose("ce", recording.ce());
            golden.assertClose("total", recording.total());
            golden.assertClose("gnorm", recording.gradientNorms());
            golden.assertClose("smooth", recording.smooth());
            checkSchedule(golden, recording);
            checkValidation(golden, recording);
            assertParameters(golden, "final", model);
        }
    }

    static AwdLstmConfig model(JsonNode config) {
        JsonNode lm = config.path("lm_config");
        double dropMult = config.path("drop_mult").asDouble(1);
        return new AwdLstmConfig(
                        config.path("V").asInt(),
                        lm.path("emb_sz").asInt(),
                        lm.path("n_hid").asInt(),
                        lm.path("n_layers").asInt(),
                        lm.path("pad_token").asInt(),
                        lm.path("embed_p").asDouble(),
                        lm.path("input_p").asDouble(),
                        lm.path("weight_p").asDouble(),
                        lm.path("hidden_p").asDouble(),
                        lm.path("output_p").asDouble(),
                        lm.path("tie_weights").asBoolean(),
                        lm.path("out_bias").asBoolean())
                .scaledDropout(dropMult);
    }

    static LearnerOptions options(JsonNode config) {
        OptimizerConfig optimizer =
                OptimizerConfig.AdamConfig.DEFAULT.withWd(config.path("wd").asDouble());
        double clip = config.path("clip").isNumber() ? config.path("clip").asDouble() : Double.POSITIVE_INFINITY;
        return LearnerOptions.of(0).withOptimizer(optimizer).withClip(clip).withValidState(ValidState.CARRIED);
    }

    static RnnTrainer trainer(JsonNode config) {
        Regularization regularization = new Regularization(
                (float) config.path("alpha").asDouble(),
                (float) config.path("beta").asDouble(),
                (float) config.path("beta_norm").asDouble(),
                ArOn.RAW,
                NormForm.SEED,
                false);
        return new RnnTrainer(config.path("bptt").asInt(), regularization, true);
    }

    static OneCycle.Shape shape(JsonNode config) {
        return OneCycle.Shape.of(
                config.path("moms").path(0).asDouble(),
                config.path("moms").path(1).asDouble(),
                config.path("div_factor").asDouble(),
                config.path("pct_start").asDouble());
    }

    /** {@code [0.01]} or {@code "slice(0.001,0.01)"}. */
    private static Rates rates(JsonNode lrMax) {
        return lrMax.isString()
                ? Rates.parse(lrMax.asString())
                : Rates.of(lrMax.path(0).asDouble());
    }

    static void checkSchedule(GoldenCase golden, Recording recording) {
        JsonNode lrs = golden.values().path("lr");
        assertThat(recording.lrs).hasSize(lrs.size());
        for (int step = 0; step < lrs.size(); step++) {
            for (int group = 0; group < lrs.path(step).size(); group++) {
                double wanted = lrs.path(step).path(group).asDouble();
                assertThat(recording.lrs.get(step)[group]).isCloseTo(wanted, within(1e-10 * wanted));
            }
            assertThat(recording.moms.get(step))
                    .isCloseTo(golden.values().path("mom").path(step).asDouble(), within(1e-11));
        }
    }

    /** Validation has no tensor of its own, so its rounding is measured here as that of tensors is. */
    static void checkValidation(GoldenCase golden, Recording recording) {
        JsonNode single = golden.values().path("valid");
        JsonNode exact = golden.values().path("valid_f64");
        double lost = 0;
        for (int epoch = 0; epoch < single.size(); epoch++) {
            lost = Math.max(
                    lost,
                    Math.abs(single.path(epoch).asDouble() - exact.path(epoch).asDouble()));
        }
        assertThat(recording.rows).hasSize(single.size());
        for (int epoch = 0; epoch < single.size(); epoch++) {
            double wanted = exact.path(epoch).asDouble();
            EpochRow row = recording.rows.get(epoch);
            assertThat(row.validLoss()).isCloseTo(wanted, within(40 * lost + 2e-6 * wanted));
            assertThat(row.perplexity()).isEqualTo(Math.exp(row.validLoss()));
            assertThat(row.accuracy())
                    .isCloseTo(
                            golden.values().path("valid_accuracy").path(epoch).asDouble(), within(1e-7));
        }
    }

    private static void assertParameters(GoldenCase golden, String prefix, TrainableModel model) {
        for (Parameter parameter : model.parameters().all()) {
            golden.assertClose(
                    prefix + "." + parameter.name(), model.parameters().doubles(parameter.name()));
        }
    }

    /** Compares all parameters after the steps for which the case holds them. */
    private record Snapshots(GoldenCase golden) implements Callback {

        @Override
        public void onBatchEnd(Step step) {
            String prefix = "after" + (step.step() + 1);
            if (golden.has(prefix + ".0.encoder.weight")) {
                assertParameters(golden, prefix, step.learner().model());
            }
        }
    }
}
