package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.CheckpointException;
import dev.tarn.backend.Backend;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.model.LanguageModel;
import dev.tarn.train.OptimizerConfig.AdamConfig;
import dev.tarn.train.OptimizerConfig.NtAsgdConfig;
import dev.tarn.train.OptimizerConfig.SgdConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training, saving and going on in new objects gives what training through gives, bit for bit. */
class ResumeTest {

    private static final int EPOCHS = 5;

    static Stream<Arguments> devicesOptimizersAndPlaces() {
        List<OptimizerConfig> optimizers =
                List.of(AdamConfig.DEFAULT, new SgdConfig(0.9, 1e-4, false), new NtAsgdConfig(1.2e-6, false, 1));
        // In the first epoch, in the last one, at the end of one.
        return Backends.names().stream()
                .flatMap(device -> optimizers.stream()
                        .flatMap(optimizer ->
                                Stream.of(10, 81, -2).map(place -> Arguments.of(device, optimizer, place))));
    }

    @ParameterizedTest
    @MethodSource("devicesOptimizersAndPlaces")
    void theRestOfAnInterruptedFitIsTheSameBitForBit(
            String device, OptimizerConfig optimizer, int place, @TempDir Path folder) {
        LearnerOptions options = TinyTask.options().withOptimizer(optimizer).withValidState(ValidState.CARRIED);
        Path saved = folder.resolve("checkpoint");
        Recording whole = new Recording();
        Recording first = new Recording();
        Recording second = new Recording();
        Outcome through;
        Outcome resumed;
        try (Backend backend = Backends.open(device)) {
            through = run(backend, options, whole, learner -> {});
        }
        Callback saving = place > 0 ? new SaveAt(place, saved) : new SaveAfterEpoch(-place, saved);
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, options, first, saving)) {
            fit(learner);
        }
        if (optimizer instanceof NtAsgdConfig && place > 50) {
            try (Checkpoint checkpoint = Checkpoint.open(saved)) {
                assertThat(checkpoint.state().integer("averaged"))
                        .as("interrupted while averaging")
                        .isPositive();
            }
        }
        try (Backend backend = Backends.open(device)) {
            resumed = run(backend, options, second, learner -> learner.resume(saved));
        }
        assertThat(first.losses).isNotEmpty().hasSizeLessThan(whole.losses.size());
        List<StepLoss> losses = new ArrayList<>(first.losses);
        losses.addAll(second.losses);
        assertThat(losses).isEqualTo(whole.losses);
        assertThat(second.rows).extracting(EpochRow::epoch).last().isEqualTo(EPOCHS - 1);
        int skipped = whole.rows.size() - second.rows.size();
        for (int i = 0; i < second.rows.size(); i++) {
            EpochRow row = whole.rows.get(skipped + i);
            assertThat(second.rows.get(i).trainLoss()).isEqualTo(row.trainLoss());
            assertThat(second.rows.get(i).valid()).isEqualTo(row.valid());
        }
        assertThat(resumed.weights()).isEqualTo(through.weights());
        assertThat(resumed.optimizer()).isEqualTo(through.optimizer());
        assertThat(resumed.moments()).hasSameSizeAs(through.moments());
        for (int i = 0; i < through.moments().size(); i++) {
            assertThat(resumed.moments().get(i)).isEqualTo(through.moments().get(i));
        }
        if (optimizer instanceof NtAsgdConfig) {
            assertThat(through.optimizer().averaged())
                    .as("averaging began, validation losses %s", through.optimizer())
                    .isPositive();
        }
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Outcome(double[] weights, OptimizerState optimizer, List<double[]> moments) {}

    private interface Preparation {
        void prepare(Learner learner);
    }

    private static Outcome run(Backend backend, LearnerOptions options, Recording recording, Preparation preparation) {
        try (LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, options, recording)) {
            preparation.prepare(learner);
            fit(learner);
            List<double[]> moments = new ArrayList<>();
            learner.optimizer().useEvaluationWeights();
            OptimizerState state = learner.optimizer().save((name, tensor) -> {
                double[] values = new double[(int) tensor.size()];
                backend.download(tensor, values);
                moments.add(values);
            });
            learner.optimizer().useTrainingWeights();
            return new Outcome(TinyTask.weights(model), state, moments);
        }
    }

    private static void fit(Learner learner) {
        if (learner.options().optimizer() instanceof NtAsgdConfig) {
            // Too high to settle, so that the trigger falls.
            learner.fit(EPOCHS, Rates.of(60));
        } else {
            learner.fitOneCycle(EPOCHS, Rates.slice(5e-3, 1e-2), OneCycle.Shape.of(0.8, 0.7));
        }
    }

    private record SaveAt(int steps, Path folder) implements Callback {

        @Override
        public void onBatchEnd(Step step) {
            if (step.step() + 1 == steps) {
                step.learner().save(folder, Map.of());
                step.learner().stop();
            }
        }
    }

    private record SaveAfterEpoch(int epochs, Path folder) implements Callback {

        @Override
        public void onEpochEnd(Learner learner, EpochRow row) {
            if (row.epoch() + 1 == epochs) {
                learner.save(folder, Map.of());
                learner.stop();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"seed", "optimizer", "sizes"})
    void aCheckpointOfAnotherRunIsRefusedWithWhatDiffers(String difference, @TempDir Path folder) {
        Path saved = folder.resolve("checkpoint");
        try (Backend backend = Backends.open("reference");
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options())) {
            learner.save(saved, Map.of("by", "a test"));
            LearnerOptions other = switch (difference) {
                case "seed" -> new LearnerOptions(AdamConfig.DEFAULT, 0, ValidState.RESET, 99);
                case "optimizer" -> TinyTask.options().withOptimizer(new SgdConfig(0, 0, true));
                default -> TinyTask.options();
            };
            try (LanguageModel another = difference.equals("sizes")
                            ? new LanguageModel(backend, TinyTask.MODEL.withSizes(7, 12, 3), 1)
                            : TinyTask.model(backend);
                    Learner second = TinyTask.learner(another, other)) {
                assertThatThrownBy(() -> second.resume(saved))
                        .isInstanceOf(CheckpointException.class)
                        .hasMessageContaining(
                                switch (difference) {
                                    case "seed" -> "seed 17";
                                    case "optimizer" -> "optimizer adam";
                                    default -> "shape";
                                });
            }
        }
    }
}
