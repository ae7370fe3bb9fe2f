package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.StreamOptions;
import dev.tarn.data.Tokens;
import dev.tarn.data.Windows;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.nn.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A small model with all dropouts on and a text that can be learnt: each token is most often followed by the next. */
final class TinyTask {

    static final int VOCAB = 24;
    static final int BATCH = 3;
    static final int BPTT = 8;
    static final long SEED = 17;

    static final AwdLstmConfig MODEL = new AwdLstmConfig(VOCAB, 7, 11, 3, 1, 0.02, 0.25, 0.2, 0.15, 0.1, true, true);

    private TinyTask() {}

    static Tokens text(int tokens, long seed) {
        Random random = new Random(seed);
        List<int[]> documents = new ArrayList<>();
        int token = 2;
        for (int left = tokens; left > 0; ) {
            int[] document = new int[Math.min(left, 20 + random.nextInt(60))];
            for (int i = 0; i < document.length; i++) {
                token = random.nextInt(4) == 0 ? 2 + random.nextInt(VOCAB - 2) : 2 + (token - 1) % (VOCAB - 2);
                document[i] = token;
            }
            documents.add(document);
            left -= document.length;
        }
        return Tokens.of(documents);
    }

    /** Variable windows, shuffled; about 18 an epoch. */
    static LanguageModelStream train() {
        return LanguageModelStream.open(text(420, 3), StreamOptions.variable(BATCH, BPTT, SEED));
    }

    /** Its last window is shorter than the others. */
    static LanguageModelStream valid() {
        return LanguageModelStream.open(text(110, 4), StreamOptions.evaluation(BATCH, BPTT));
    }

    /** As {@link #valid()} with another number of streams. */
    static LanguageModelStream validOfOtherBatch() {
        return LanguageModelStream.open(text(110, 4), new StreamOptions(Windows.CONTIGUOUS, 2, BPTT, false, false, 0));
    }

    static LanguageModel model(Backend backend) {
        return new LanguageModel(backend, MODEL, SEED);
    }

    static LearnerOptions options() {
        return LearnerOptions.of(SEED).withClip(0.25);
    }

    static Learner learner(LanguageModel model, LearnerOptions options, Callback... callbacks) {
        List<Callback> all = new ArrayList<>(List.of(RnnTrainer.of(BPTT, 2, 1, 5)));
        all.addAll(Arrays.asList(callbacks));
        return new Learner(model, train(), valid(), options, all);
    }

    /** All weights, one after the other. */
    static double[] weights(LanguageModel model) {
        return model.parameters().all().stream()
                .map(Parameter::name)
                .flatMapToDouble(name -> Arrays.stream(model.parameters().doubles(name)))
                .toArray();
    }
}
