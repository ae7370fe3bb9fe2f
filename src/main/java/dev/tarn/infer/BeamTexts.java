package dev.tarn.infer;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.Arrays;

/**
 * The texts of a {@link BeamSearch} as streams of one workspace. The carried state is re-indexed on the host: it is small
 * beside the logits of a beam.
 *
 * <p>Ownership: a workspace of as many streams as the beam is wide, freed by {@link #close}. Thread-safety: none.
 */
final class BeamTexts implements BeamSearch.Texts, AutoCloseable {

    private static final int PROMPT_STEPS = 64;

    private final Backend backend;
    private final int rows;
    private final int vocab;
    private final Arena arena;
    private final LmWorkspace workspace;
    private final Tensor logits;
    private final int[] ids;

    /** Reads the prompt with one stream and gives its state to all. */
    BeamTexts(LanguageModel model, int[] prompt, int rows) {
        if (prompt.length == 0) {
            throw new DataException("The prompt has no tokens; begin it with xxbos.");
        }
        this.backend = model.backend();
        this.rows = rows;
        vocab = model.config().vocab();
        ids = new int[rows];
        arena = backend.arena("beam of " + rows + " texts");
        LmWorkspace wide = null;
        try (LmWorkspace one = model.evaluationWorkspace(1, PROMPT_STEPS)) {
            logits = arena.real("logits", 1, rows, vocab);
            wide = model.evaluationWorkspace(rows, 1);
            int steps = 0;
            for (int from = 0; from < prompt.length; from += steps) {
                steps = Math.min(PROMPT_STEPS, prompt.length - from);
                one.forward(Arrays.copyOfRange(prompt, from, from + steps), steps);
            }
            one.logits(steps - 1, logits.view(0, 1, 1, vocab));
            wide.state(picked(one.state(), 1, new int[0]));
            workspace = wide;
        } catch (RuntimeException e) {
            if (wide != null) {
                wide.close();
            }
            arena.close();
            throw e;
        }
    }

    @Override
    public void read(int[] parents, int[] tokens) {
        workspace.state(picked(workspace.state(), rows, parents));
        Arrays.fill(ids, 0);
        System.arraycopy(tokens, 0, ids, 0, tokens.length);
        workspace.forward(ids, 1);
        workspace.logits(0, logits);
    }

    @Override
    public void logits(int text, double[] values) {
        backend.download(logits.view((long) text * vocab, vocab), values);
    }

    /** A state whose row i is row {@code parents[i]} of another; rows that no text needs are copies of the first. */
    private float[][] picked(float[][] state, int stateRows, int[] parents) {
        float[][] result = new float[state.length][];
        for (int part = 0; part < state.length; part++) {
            int width = state[part].length / stateRows;
            result[part] = new float[rows * width];
            for (int row = 0; row < rows; row++) {
                int parent = row < parents.length ? parents[row] : 0;
                System.arraycopy(state[part], parent * width, result[part], row * width, width);
            }
        }
        return result;
    }

    @Override
    public void close() {
        workspace.close();
        arena.close();
    }
}
