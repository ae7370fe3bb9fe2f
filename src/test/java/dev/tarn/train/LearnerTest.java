package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.ConfigException;
import dev.tarn.DivergedException;
import dev.tarn.backend.Backend;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.data.Batch;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.MaskSource;
import dev.tarn.model.TrainableModel;
import dev.tarn.nn.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LearnerTest {

    static List<String> devices() {
        return Backends.names();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void hooksComeInFastaisOrder(String device) {
        List<String> calls = new ArrayList<>();
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options(), new Trace(calls), new StopAfter(2))) {
            learner.fit(1, Rates.of(1e-3));
            assertThat(calls)
                    .containsExactly(
                            "trainBegin",
                            "epochBegin",
                            "batchBegin 0",
                            "lossBegin 0",
                            "backwardBegin 0",
                            "backwardEnd 0",
                            "stepEnd 0",
                            "batchEnd 0",
                            "batchBegin 1",
                            "lossBegin 1",
                            "backwardBegin 1",
                            "backwardEnd 1",
                            "stepEnd 1",
                            "loss 0",
                            "batchEnd 1",
                            "loss 1",
                            "trainEnd");
            calls.clear();
            learner.fit(1, Rates.of(1e-3));
            assertThat(calls.get(2)).as("masks never repeat").isEqualTo("batchBegin 2");
            assertThat(learner.position().cursor().epoch())
                    .as("nor does the text")
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theRateFollowsTheWindowForItsStepAloneAndForEveryGroupByItsOwnRatio(String device) {
        Rates rates = Rates.slice(1e-3, 1e-1);
        double[] scheduled = rates.perGroup(TinyTask.MODEL.groups());
        SgdCheck check = new SgdCheck(scheduled);
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(
                        model, LearnerOptions.of(1).withOptimizer(new OptimizerConfig.SgdConfig(0, 0, true)), check)) {
            learner.fit(1, rates);
        }
        assertThat(check.lengths.stream().distinct().count()).isGreaterThan(3);
    }

    /** Takes each step of plain SGD by hand. */
    private static final class SgdCheck implements Callback {

        private final double[] scheduled;
        private final List<double[]> before = new ArrayList<>();
        private final List<double[]> gradients = new ArrayList<>();
        final List<Integer> lengths = new ArrayList<>();

        SgdCheck(double[] scheduled) {
            this.scheduled = scheduled;
        }

        @Override
        public void onBackwardEnd(Step step) {
            before.clear();
            gradients.clear();
            TrainableModel model = step.learner().model();
            for (Parameter parameter : model.parameters().all()) {
                before.add(model.parameters().doubles(parameter.name()));
                gradients.add(model.parameters().gradient(parameter.name()));
            }
        }

        @Override
        public void onStepEnd(Step step) {
            assertThat(step.lr()).containsExactly(scheduled);
            lengths.add(step.steps());
            double ratio = (double) step.steps() / TinyTask.BPTT;
            TrainableModel model = step.learner().model();
            for (int p = 0; p < before.size(); p++) {
                Parameter parameter = model.parameters().all().get(p);
                double[] after = model.parameters().doubles(parameter.name());
                for (int i = 0; i < after.length; i++) {
                    double moved =
                            scheduled[parameter.group()] * ratio * gradients.get(p)[i];
                    assertThat(after[i])
                            .as("%s[%d] at %s", parameter.name(), i, step)
                            .isCloseTo(before.get(p)[i] - moved, within(1e-6 * Math.abs(moved) + 6e-8));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void validatingInTheMiddleOfAnEpochChangesNothing(String device) {
        Callback validating = new Callback() {
            @Override
            public void onBatchEnd(Step step) {
                if (step.window() % 3 == 0) {
                    step.learner().validate();
                }
            }
        };
        assertThat(trained(device, null, validating)).isEqualTo(trained(device, null));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aRateSearchLeavesWeightsOptimizerAndCountsAsTheyWere(String device) {
        LrFinder finder = new LrFinder(Rates.of(1e-4), Rates.of(1), 40, false);
        double[] plain = trained(device, null);
        assertThat(trained(device, finder)).isEqualTo(plain);
    }

    /** Weights and losses after two fits, with a search before each. */
    private static double[] trained(String device, @Nullable LrFinder finder, Callback... callbacks) {
        Recording recording = new Recording();
        List<Callback> all = new ArrayList<>(List.of(callbacks));
        all.add(recording);
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options(), all.toArray(Callback[]::new))) {
            for (int fit = 0; fit < 2; fit++) {
                if (finder != null) {
                    double[] before = TinyTask.weights(model);
                    LrFindResult result = learner.lrFind(finder);
                    assertThat(result.lrs()).hasSize(40);
                    assertThat(TinyTask.weights(model)).isEqualTo(before);
                }
                learner.fitOneCycle(1, Rates.slice(1e-3, 1e-2), OneCycle.Shape.of(0.8, 0.7));
            }
            double[] weights = TinyTask.weights(model);
            double[] losses = recording.ce();
            double[] both = Arrays.copyOf(weights, weights.length + losses.length);
            System.arraycopy(losses, 0, both, weights.length, losses.length);
            return both;
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aRateSearchStopsSoonAfterTheLossExplodes(String device) {
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options())) {
            LrFindResult result = learner.lrFind(new LrFinder(Rates.of(1e-3), Rates.of(1e6), 100, true));
            double[] losses = result.losses();
            assertThat(losses.length).isBetween(20, 99);
            double best = Arrays.stream(losses).filter(Double::isFinite).min().orElseThrow();
            assertThat(losses[losses.length - 1] > 4 * best || Double.isNaN(losses[losses.length - 1]))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void frozenGroupsStandStillAndFreezingStartsANewOptimizer(String device) {
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options())) {
            learner.fit(1, Rates.of(1e-3));
            assertThat(learner.optimizer().steps()).isPositive();
            learner.freezeTo(-2);
            assertThat(learner.frozenTo()).isEqualTo(2);
            assertThat(learner.optimizer().steps()).isZero();
            List<double[]> before = new ArrayList<>();
            for (Parameter parameter : model.parameters().all()) {
                before.add(model.parameters().doubles(parameter.name()));
            }
            learner.fit(1, Rates.of(1e-3));
            for (int p = 0; p < before.size(); p++) {
                Parameter parameter = model.parameters().all().get(p);
                boolean same = Arrays.equals(before.get(p), model.parameters().doubles(parameter.name()));
                assertThat(same).as(parameter.name()).isEqualTo(parameter.group() < 2);
            }
            learner.unfreeze();
            assertThat(learner.frozenTo()).isZero();
            assertThatThrownBy(() -> learner.freezeTo(4))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("-4 to 3");
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void everyPredictionOfTheValidationTextCountsTheSame(String device) {
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options())) {
            double loss = 0;
            double tokens = 0;
            double[] stats = new double[2];
            LanguageModelStream text = TinyTask.valid();
            List<Integer> lengths = new ArrayList<>();
            learner.workspace().resetState();
            while (text.hasNext()) {
                Batch batch = text.next();
                lengths.add(batch.steps());
                learner.workspace().evaluate(batch.inputs(), batch.targets(), batch.steps());
                backend.download(learner.workspace().stats(), stats);
                loss += stats[0] * batch.predictions();
                tokens += batch.predictions();
            }
            assertThat(lengths).as("windows of several lengths").contains(8, 3);
            Validation validation = learner.validate();
            assertThat(validation.loss()).isCloseTo(loss / tokens, within(1e-12));
            assertThat(validation.predictions()).isEqualTo((long) tokens).isEqualTo(text.predictions());
            assertThat(validation.perplexity()).isEqualTo(Math.exp(validation.loss()));
            assertThat(Evaluator.evaluate(model, TinyTask.valid())).isEqualTo(validation);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void validationStartsFromZeroOrFromWhatTrainingLeft(String device) {
        Recording reset = new Recording();
        Recording carried = new Recording();
        try (Backend backend = Backends.open(device)) {
            for (Recording recording : List.of(reset, carried)) {
                ValidState state = recording == reset ? ValidState.RESET : ValidState.CARRIED;
                try (LanguageModel model = TinyTask.model(backend);
                        Learner learner =
                                TinyTask.learner(model, TinyTask.options().withValidState(state), recording)) {
                    learner.fit(2, Rates.of(1e-2));
                    if (recording == reset) {
                        assertThat(learner.validate())
                                .isEqualTo(recording.rows.get(1).valid());
                    }
                }
            }
        }
        for (int epoch = 0; epoch < 2; epoch++) {
            EpochRow row = reset.rows.get(epoch);
            assertThat(row.trainLoss()).isEqualTo(carried.rows.get(epoch).trainLoss());
            assertThat(row.validLoss()).isNotEqualTo(carried.rows.get(epoch).validLoss());
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aValidationTextOfAnotherBatchSizeHasItsOwnWorkspace(String device) {
        Recording recording = new Recording();
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = new Learner(
                        model,
                        TinyTask.train(),
                        TinyTask.validOfOtherBatch(),
                        TinyTask.options().withValidState(ValidState.CARRIED),
                        List.of(recording))) {
            learner.fit(1, Rates.of(1e-2));
            assertThat(recording.rows.get(0).valid())
                    .isEqualTo(Evaluator.evaluate(model, TinyTask.validOfOtherBatch()));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void trainingLearns(String device) {
        Recording recording = new Recording();
        try (Backend backend = Backends.open(device);
                LanguageModel model = new LanguageModel(backend, TinyTask.MODEL.scaledDropout(0.1), 1);
                Learner learner = TinyTask.learner(model, LearnerOptions.of(1), recording)) {
            learner.fitOneCycle(20, Rates.of(3e-2), OneCycle.Shape.of(0.8, 0.7));
            // The next token is certain three times in four; knowing nothing is a perplexity of 22.
            assertThat(learner.bestValidLoss()).isLessThan(Math.log(12));
            Recorder recorder = learner.recorder();
            assertThat(recorder.epochs()).isEqualTo(recording.rows);
            assertThat(recorder.losses()).isEqualTo(recording.ce());
            assertThat(recorder.smoothLosses()).isEqualTo(recording.smooth());
            assertThat(recorder.lrs()).hasSameSizeAs(recorder.losses());
            assertThat(recorder.moms()[0]).isEqualTo(0.8);
            assertThat(recorder.last()).isEqualTo(recording.losses.get(recording.losses.size() - 1));
            assertThat(learner.bestValidLoss())
                    .isEqualTo(recording.rows.stream()
                            .mapToDouble(EpochRow::validLoss)
                            .min()
                            .orElseThrow());
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aLossThatIsNoNumberStopsTheRunNamesStepAndTensorAndKeepsTheCheckpoint(String device, @TempDir Path folder) {
        Path last = folder.resolve(CheckpointCallback.LAST);
        Callback poison = new Callback() {
            @Override
            public void onStepEnd(Step step) {
                if (step.step() == 7) {
                    TrainableModel model = step.learner().model();
                    double[] bias = model.parameters().doubles("0.rnns.1.module.bias_ih_l0");
                    bias[3] = Double.NaN;
                    model.parameters().set("0.rnns.1.module.bias_ih_l0", bias);
                }
            }
        };
        List<String> calls = new ArrayList<>();
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(
                        model,
                        TinyTask.options(),
                        new CheckpointCallback(folder, 7, Map.of()),
                        poison,
                        new Trace(calls))) {
            assertThatThrownBy(() -> learner.fit(1, Rates.of(1e-3)))
                    .isInstanceOf(DivergedException.class)
                    .hasMessageContaining("step 8")
                    .hasMessageContaining("NaN")
                    .hasMessageContaining("0.rnns.");
            assertThat(calls).last().isEqualTo("trainEnd DivergedException");
            assertThatThrownBy(() -> learner.save(last, Map.of()))
                    .isInstanceOf(DivergedException.class)
                    .hasMessageContaining("no longer finite");
        }
        try (Checkpoint checkpoint = Checkpoint.open(last)) {
            assertThat(checkpoint.state().integer("step")).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void withoutAValidationTextRowsHaveNoFiguresAndValidateSaysWhatIsMissing(String device) {
        Recording recording = new Recording();
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = new Learner(
                        model,
                        BatchSource.of(TinyTask.train()),
                        null,
                        TinyTask.options(),
                        List.of(recording),
                        step -> MaskSource.NONE)) {
            learner.fit(1, Rates.of(1e-3));
            assertThat(recording.rows.get(0).validLoss()).isNaN();
            assertThatThrownBy(learner::validate)
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("--valid");
        }
    }

    /** Writes down which hook was called. */
    private record Trace(List<String> calls) implements Callback {

        @Override
        public void onTrainBegin(Learner learner) {
            calls.add("trainBegin");
        }

        @Override
        public void onEpochBegin(Learner learner) {
            calls.add("epochBegin");
        }

        @Override
        public void onBatchBegin(Step step) {
            calls.add("batchBegin " + step.step());
        }

        @Override
        public void onLossBegin(Step step) {
            calls.add("lossBegin " + step.step());
        }

        @Override
        public void onBackwardBegin(Step step) {
            calls.add("backwardBegin " + step.step());
        }

        @Override
        public void onBackwardEnd(Step step) {
            calls.add("backwardEnd " + step.step());
        }

        @Override
        public void onStepEnd(Step step) {
            calls.add("stepEnd " + step.step());
        }

        @Override
        public void onBatchEnd(Step step) {
            calls.add("batchEnd " + step.step());
        }

        @Override
        public void onLossKnown(StepLoss loss) {
            calls.add("loss " + loss.step());
        }

        @Override
        public void onEpochEnd(Learner learner, EpochRow row) {
            calls.add("epochEnd");
        }

        @Override
        public void onTrainEnd(Learner learner, @Nullable RuntimeException failure) {
            calls.add(
                    failure == null
                            ? "trainEnd"
                            : "trainEnd " + failure.getClass().getSimpleName());
        }
    }
}
