package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.Backend;
import dev.tarn.data.Corpus;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.Documents;
import dev.tarn.data.PreparedText;
import dev.tarn.data.Tokens;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.TextClassifier;
import dev.tarn.model.TextClassifierConfig;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.MetricsLog;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Classifiers in training: resumed bit for bit in any stage, searched for a rate, fed with ugly documents. */
class ClassifierRunTest {

    private static final TextClassifierConfig TINY = new TextClassifierConfig(
            new AwdLstmConfig(30, 6, 9, 2, 1, 0.1, 0.2, 0.3, 0.2, 0.2, true, true),
            2,
            List.of(5),
            List.of(0.1),
            70,
            1400);

    @TempDir
    private Path temp;

    static List<String> devices() {
        return Backends.names();
    }

    /** Fails as a machine would: at any step, with no word to anybody. */
    private record Crash(int step) implements Callback {

        static final class Sudden extends RuntimeException {
            private static final long serialVersionUID = 1;
        }

        @Override
        public void onBatchEnd(Step step) {
            if (step.step() == this.step) {
                throw new Sudden();
            }
        }
    }

    /** In the first stage, between two checkpoints of the second, right behind its end, in the last. */
    @ParameterizedTest
    @ValueSource(ints = {4, 10, 14, 21, 27})
    void anInterruptedUnfreezingIsResumedBitForBit(int step) throws IOException {
        ClassifierConfig config = config(prepare());
        Path whole = temp.resolve("whole");
        try (ClassifierRun run = ClassifierRun.create(config, whole, List.of(), List.of())) {
            run.train();
        }
        Path crashed = temp.resolve("crashed");
        try (ClassifierRun run = ClassifierRun.create(config, crashed, List.of(), List.of(new Crash(step)))) {
            assertThatThrownBy(run::train).isInstanceOf(Crash.Sudden.class);
        }
        try (TrainingRun run = TrainingRun.resume(crashed, List.of())) {
            run.train();
        }
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "state.json")) {
            assertThat(crashed.resolve("checkpoints/last").resolve(file))
                    .hasSameBinaryContentAs(whole.resolve("checkpoints/last").resolve(file));
        }
        assertThat(rows(crashed)).isEqualTo(rows(whole)).hasSize(4);
    }

    private static List<String> rows(Path run) {
        return MetricsLog.read(run.resolve("metrics.jsonl")).stream()
                .map(row -> row.real("stage") + " " + row.real("epoch") + " " + row.real("train_loss") + " "
                        + row.real("valid_loss") + " " + row.real("f1"))
                .toList();
    }

    private ClassifierConfig config(Path data) {
        return ClassifierConfig.defaults()
                .with("data.prepared", data.toString())
                .with("data.bs", "4")
                .with("model.emb-sz", "6")
                .with("model.n-hid", "8")
                .with("model.n-layers", "2")
                .with("model.bptt", "5")
                .with("model.max-len", "12")
                .with("train.stages", "-1:1:0.02; -2:1:slice(0.01); 0:2:slice(1e-3,1e-2)")
                .with("run.device", "cpu")
                .with("run.checkpoint-steps", "3");
    }

    private Path prepare() throws IOException {
        Random random = new Random(4);
        Path[] files = {temp.resolve("train.tsv"), temp.resolve("valid.tsv")};
        for (Path file : files) {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 30; i++) {
                lines.append(i % 2 == 0 ? "a\t" : "b\t");
                for (int word = random.nextInt(i % 5 == 0 ? 25 : 8); word >= 0; word--) {
                    lines.append((char) ('k' + random.nextInt(9))).append(' ');
                }
                lines.append('\n');
            }
            Files.writeString(file, lines);
        }
        Path folder = Files.createDirectory(temp.resolve("data"));
        Corpus corpus = Corpus.ofLines(List.of(files[0]), files[1], true, false);
        PreparedText.prepare(folder, corpus, TextPipeline.named("fastai"), 100, 1, 1);
        return folder;
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aSearchForARateLeavesWeightsStatisticsAndCountsAsTheyWere(String device) {
        try (Backend backend = Backends.open(device);
                TextClassifier model = new TextClassifier(backend, TINY, 1);
                Learner learner =
                        new Learner(model, training(documents(8, 20)), null, LearnerOptions.of(1), List.of())) {
            List<double[]> before = state(model);
            LrFindResult found = learner.lrFind(new LrFinder(Rates.of(1e-5), Rates.of(1), 12, false));
            assertThat(found.losses()).hasSize(12);
            assertThat(state(model)).usingRecursiveComparison().isEqualTo(before);
            assertThat(model.batchesTracked()).isZero();
        }
    }

    private static List<double[]> state(TextClassifier model) {
        List<double[]> state = new ArrayList<>();
        model.parameters().all().forEach(each -> state.add(model.parameters().doubles(each.name())));
        model.buffers().forEach(each -> {
            double[] values = new double[(int) each.value().size()];
            model.backend().download(each.value(), values);
            state.add(values);
        });
        return state;
    }

    @Test
    void aReviewOf3351TokensAndABatchOfSingleWordsTrainAndAreMeasured() {
        int[][] documents = new int[8][];
        Arrays.setAll(documents, i -> i == 3 ? new Random(1).ints(3351, 2, 30).toArray() : new int[] {2 + i});
        Documents split = new Documents(
                Tokens.of(Arrays.asList(documents)), new int[] {0, 1, 0, 1, 0, 1, 0, 1}, List.of("neg", "pos"));
        try (Backend backend = Backends.open("cpu F32");
                TextClassifier model = new TextClassifier(backend, TINY, 1);
                Learner learner = new Learner(
                        model,
                        DocumentBatches.training(split, 4, 1, false),
                        DocumentBatches.evaluation(split, 4, false),
                        LearnerOptions.of(1),
                        List.of(new RnnTrainer(70, RnnTrainer.of(70).regularization(), false)))) {
            learner.unfreeze();
            learner.fitOneCycle(2, Rates.slice(1e-3, 1e-2), OneCycle.Shape.of(0.8, 0.7));
            assertThat(learner.recorder().losses()).hasSize(4).doesNotContain(Double.NaN);
            Validation validation = learner.validate();
            assertThat(validation.predictions()).isEqualTo(8);
            assertThat(validation.loss()).isFinite();
        }
    }

    private static Documents documents(int count, int longest) {
        Random random = new Random(2);
        int[][] documents = new int[count][];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            documents[i] = random.ints(1 + random.nextInt(longest), 2, 30).toArray();
            labels[i] = i % 2;
        }
        return new Documents(Tokens.of(Arrays.asList(documents)), labels, List.of("neg", "pos"));
    }

    private static DocumentBatches training(Documents documents) {
        return DocumentBatches.training(documents, 4, 1, false);
    }
}
