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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Lets a language model go on from several prompts at once, each with its own choice of tokens, seed and length: what
 * {@link TextGenerator} would have drawn for each of them alone, up to the rounding of products of another size.
 *
 * <p>The prompts end at the same step, so that all draw together from there on. A shorter one begins later: until then its
 * row runs over tokens that do not matter, and there its state is set to zeros. Rows never see each other.
 *
 * <p>Ownership: a workspace of B streams, freed by {@link #close}. Thread-safety: none.
 */
public final class BatchGenerator implements AutoCloseable {

    /** Prompts are read in windows of so many tokens at most; the result does not depend on it. */
    private static final int PROMPT_STEPS = 64;

    private final Backend backend;
    private final int batch;
    private final int unk;
    private final Arena arena;
    private final LmWorkspace workspace;
    private final Tensor logits;
    private final Tensor[] rows;
    private final double[] values;
    private final int[] window;

    /**
     * A text to go on from.
     *
     * @param ids its tokens, at least one; fastai begins every text with {@code xxbos}
     * @param count how many tokens to draw
     * @param seed of the draws
     */
    // The tokens are read once; nobody compares two prompts.
    @SuppressWarnings("ArrayRecordComponent")
    public record Prompt(int[] ids, int count, Sampling sampling, long seed) {

        /** @throws DataException if there are no tokens */
        public Prompt {
            if (ids.length == 0) {
                throw new DataException("The prompt has no tokens; begin it with xxbos.");
            }
        }
    }

    /**
     * @param batch B, the most prompts at once
     * @param unk the id of the unknown token, 0 in fastai's vocabularies
     */
    public BatchGenerator(LanguageModel model, int batch, int unk) {
        this.backend = model.backend();
        this.batch = batch;
        this.unk = unk;
        int vocab = model.config().vocab();
        values = new double[vocab];
        window = new int[PROMPT_STEPS * batch];
        rows = new Tensor[batch];
        arena = backend.arena("generation of " + batch + " texts");
        try {
            logits = arena.real("logits", 1, batch, vocab);
            Arrays.setAll(rows, row -> logits.view((long) row * vocab, vocab));
            workspace = model.evaluationWorkspace(batch, PROMPT_STEPS);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** B, the most prompts at once. */
    public int batch() {
        return batch;
    }

    /**
     * Goes on from each prompt.
     *
     * @param prompts at most B
     * @param isWanted asked before every token whether the prompt of an index is still to go on; where it says no, the
     *     tokens drawn so far are the result
     * @return the drawn tokens of each prompt
     * @throws DataException if an id is not in the vocabulary
     * @throws DivergedException if the model's logits are not numbers
     */
    public List<int[]> generate(List<Prompt> prompts, IntPredicate isWanted) {
        if (prompts.size() > batch) {
            throw new IllegalArgumentException(prompts.size() + " prompts in batches of " + batch);
        }
        read(prompts);
        int[][] drawn = new int[prompts.size()][];
        Arrays.setAll(drawn, row -> new int[prompts.get(row).count()]);
        int[] counts = new int[drawn.length];
        boolean isGoingOn = true;
        for (int step = 0; isGoingOn; step++) {
            isGoingOn = false;
            Arrays.fill(window, 0);
            for (int row = 0; row < drawn.length; row++) {
                // A row that stopped once has fewer tokens than steps.
                if (counts[row] == step && step < drawn[row].length && isWanted.test(row)) {
                    window[row] = draw(row, prompts.get(row), step);
                    drawn[row][step] = window[row];
                    counts[row]++;
                    isGoingOn |= counts[row] < drawn[row].length;
                }
            }
            if (isGoingOn) {
                workspace.forward(window, 1);
                workspace.logits(0, logits);
            }
        }
        List<int[]> texts = new ArrayList<>();
        for (int row = 0; row < drawn.length; row++) {
            texts.add(Arrays.copyOf(drawn[row], counts[row]));
        }
        return texts;
    }

    private int draw(int row, Prompt prompt, int step) {
        backend.download(rows[row], values);
        RandomKey key = new RandomKey(prompt.seed(), Purpose.SAMPLING, 0, 0);
        return prompt.sampling().choose(values, unk, Philox.uniform53(key, step));
    }

    private void read(List<Prompt> prompts) {
        int[] starts = new int[prompts.size()];
        int end = prompts.stream().mapToInt(prompt -> prompt.ids().length).max().orElse(0);
        Arrays.setAll(starts, row -> end - prompts.get(row).ids().length);
        workspace.resetState();
        int to;
        for (int from = 0; from < end; from = to) {
            to = Math.min(end, from + PROMPT_STEPS);
            for (int start : starts) {
                to = start > from ? Math.min(to, start) : to;
            }
            beginRows(starts, from);
            Arrays.fill(window, 0);
            for (int row = 0; row < starts.length; row++) {
                for (int step = Math.max(from, starts[row]); step < to; step++) {
                    window[(step - from) * batch + row] = prompts.get(row).ids()[step - starts[row]];
                }
            }
            workspace.forward(window, to - from);
            if (to == end) {
                workspace.logits(to - from - 1, logits);
            }
        }
    }

    /** Zeros the state of the rows whose prompts begin at a step; at the first step all are. */
    private void beginRows(int[] starts, int step) {
        if (step == 0 || Arrays.stream(starts).noneMatch(start -> start == step)) {
            return;
        }
        float[][] state = workspace.state();
        for (float[] part : state) {
            int width = part.length / batch;
            for (int row = 0; row < starts.length; row++) {
                if (starts[row] == step) {
                    Arrays.fill(part, row * width, (row + 1) * width, 0);
                }
            }
        }
        workspace.state(state);
    }

    @Override
    public void close() {
        workspace.close();
        arena.close();
    }
}
