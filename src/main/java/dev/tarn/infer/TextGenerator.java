package dev.tarn.infer;

import dev.tarn.DataException;
import dev.tarn.DivergedException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.backend.Tensor;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.Arrays;

/**
 * Lets a language model go on from a prompt, token by token, with the hidden state carried (fastai v1's
 * {@code LanguageLearner.predict}).
 *
 * <p>{@link BatchGenerator} does the same for several prompts at once.
 *
 * <p>Order of use: {@link #start}, then {@link #next} as often as wanted; or {@link #generate} for both. Which tokens come
 * depends on the weights, the prompt, the seed and how many tokens this generator drew before.
 *
 * <p>Ownership: a workspace for one stream, freed by {@link #close}. Thread-safety: none.
 */
public final class TextGenerator implements AutoCloseable {

    /** Prompts are read in windows of so many tokens; the result does not depend on it. */
    private static final int PROMPT_STEPS = 64;

    private final Backend backend;
    private final Sampling sampling;
    private final int unk;
    private final RandomKey key;
    private final Arena arena;
    private final LmWorkspace workspace;
    private final Tensor logits;
    private final double[] values;
    private final int[] token = new int[1];
    private long drawn;
    private boolean isStarted;

    /**
     * @param unk the id of the unknown token, 0 in fastai's vocabularies
     * @param seed of the draws
     */
    public TextGenerator(LanguageModel model, Sampling sampling, int unk, long seed) {
        this.backend = model.backend();
        this.sampling = sampling;
        this.unk = unk;
        int vocab = model.config().vocab();
        if (unk < 0 || unk >= vocab) {
            throw new IllegalArgumentException("unknown token " + unk + " of a vocabulary of " + vocab);
        }
        key = new RandomKey(seed, Purpose.SAMPLING, 0, 0);
        values = new double[vocab];
        arena = backend.arena("text generation");
        try {
            logits = arena.real("logits", 1, 1, vocab);
            workspace = model.evaluationWorkspace(1, PROMPT_STEPS);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Reads a prompt from a fresh state.
     *
     * @param prompt token ids, at least one; fastai begins every text with {@code xxbos}
     * @throws DataException if the prompt is empty or holds an id that is not in the vocabulary
     */
    public void start(int... prompt) {
        if (prompt.length == 0) {
            throw new DataException("The prompt has no tokens; begin it with xxbos.");
        }
        workspace.resetState();
        for (int from = 0; from < prompt.length; from += PROMPT_STEPS) {
            int to = Math.min(prompt.length, from + PROMPT_STEPS);
            workspace.forward(Arrays.copyOfRange(prompt, from, to), to - from);
            if (to == prompt.length) {
                workspace.logits(to - from - 1, logits);
            }
        }
        isStarted = true;
    }

    /**
     * Draws the next token and reads it.
     *
     * @throws IllegalStateException before {@link #start}
     * @throws DivergedException if the model's logits are not numbers
     */
    public int next() {
        if (!isStarted) {
            throw new IllegalStateException("no prompt was read");
        }
        backend.download(logits, values);
        token[0] = sampling.choose(values, unk, Philox.uniform53(key, drawn++));
        workspace.forward(token, 1);
        workspace.logits(0, logits);
        return token[0];
    }

    /**
     * Goes on from a prompt.
     *
     * @param prompt as {@link #start}
     * @param count how many tokens to draw
     * @return the drawn tokens, without the prompt
     */
    public int[] generate(int[] prompt, int count) {
        start(prompt);
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = next();
        }
        return tokens;
    }

    @Override
    public void close() {
        workspace.close();
        arena.close();
    }
}
