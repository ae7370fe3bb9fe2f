package dev.tarn.data;

import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * A small synthetic English text that the project writes itself, so that quickstart needs no download: short stories of
 * walkers at mountain lakes, from a grammar in {@code quickstart-grammar.txt}. Story i depends on (seed, i) alone.
 *
 * <p>The text has structure that a table of neighbouring words cannot hold but a small LSTM learns in a minute: a subject
 * and its verb agree in number across what stands between them, a name and its pronouns persist through a story, the
 * season decides weather and animals, of five apples four are left, quotes and brackets close.
 *
 * @param training one story a document
 * @param validation one story a document, from the same grammar; new ones
 * @param validationSurprise minus the log probability, in nats, of all choices that made the validation part
 */
public record QuickstartCorpus(List<String> training, List<String> validation, double validationSurprise) {

    /** Stories of the training part of {@link #generate(long)}. */
    public static final int TRAINING_STORIES = 1300;

    /** Stories of the validation part of {@link #generate(long)}. */
    public static final int VALIDATION_STORIES = 130;

    public QuickstartCorpus {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
    }

    /** The corpus of a seed in its usual size. */
    public static QuickstartCorpus generate(long seed) {
        return generate(seed, TRAINING_STORIES, VALIDATION_STORIES);
    }

    /** The corpus of a seed with so many stories in its two parts. */
    public static QuickstartCorpus generate(long seed, int trainingStories, int validationStories) {
        Grammar grammar = new Grammar(lines());
        List<String> training = new ArrayList<>();
        List<String> validation = new ArrayList<>();
        double surprise = 0;
        for (int i = 0; i < trainingStories + validationStories; i++) {
            Grammar.Expansion story = grammar.expand("story", numbers(seed, i));
            if (i < trainingStories) {
                training.add(story.text());
            } else {
                validation.add(story.text());
                surprise += story.surprise();
            }
        }
        return new QuickstartCorpus(training, validation, surprise);
    }

    /**
     * The perplexity of the grammar itself on the validation part: a model that knew the grammar by heart would reach
     * about this. It is an upper bound of the least possible, since some texts can be made by different choices, and a
     * tight one.
     *
     * @param validationTokens the tokens that a tokenizer makes of the validation part, special ones included
     */
    public double grammarPerplexity(long validationTokens) {
        return Math.exp(validationSurprise / validationTokens);
    }

    private static DoubleSupplier numbers(long seed, int story) {
        RandomKey key = new RandomKey(seed, RandomKey.Purpose.SAMPLING, 0, story);
        long[] next = {0};
        return () -> Philox.uniform53(key, next[0]++);
    }

    private static List<String> lines() {
        try (InputStream in = QuickstartCorpus.class.getResourceAsStream("quickstart-grammar.txt")) {
            if (in == null) {
                throw new IllegalStateException("quickstart-grammar.txt is not in the jar");
            }
            return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
