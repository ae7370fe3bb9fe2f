package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Readback;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import dev.tarn.model.LmWorkspace;

/**
 * The L2 norms ‖h_{t,b}‖ of what every layer of a workspace wrote in its latest window, before any dropout. They are
 * computed on the device, by a regularizer whose weights are all zero, and read late: [L,T,B] numbers leave it and never
 * the [T,B,H] outputs.
 *
 * <p>A step without this object does none of the work and holds none of the memory. With it, a window costs one pass over
 * the output of every layer and one scratch tensor of the size of the widest.
 *
 * <p>Order of use: {@link #record} behind a window, {@link #take} before the next record. Ownership: an arena, freed by
 * {@link #close} before the workspace is. Thread-safety: none.
 */
final class LayerNorms implements AutoCloseable {

    private final Backend backend;
    private final LmWorkspace workspace;
    private final int layers;
    private final int batch;
    private final int maxSteps;
    private final int[] widths;
    private final Arena arena;

    /** Stands for a gradient: read, multiplied by nothing and written back. */
    private final Tensor scratch;

    private final Tensor penalties;

    /** [L,T,B] of the longest window; a shorter one leaves the end of each layer's part as it was. */
    private final Tensor norms;

    private final Readback readback;
    private final double[] values;
    private int pendingSteps;

    LayerNorms(Backend backend, LmWorkspace workspace) {
        this.backend = backend;
        this.workspace = workspace;
        this.layers = workspace.layers();
        this.batch = workspace.batch();
        this.maxSteps = workspace.maxSteps();
        this.widths = new int[layers];
        int widest = 0;
        for (int layer = 0; layer < layers; layer++) {
            widths[layer] = workspace.hidden(layer).dim(1);
            widest = Math.max(widest, widths[layer]);
        }
        arena = backend.arena("norms of the layers");
        try {
            scratch = arena.real("scratch", maxSteps, batch, widest);
            penalties = arena.real("penalties", Regularization.VALUES);
            norms = arena.real("norms", layers, maxSteps, batch);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        backend.zero(scratch);
        backend.zero(norms);
        readback = backend.readback(norms);
        values = new double[layers * maxSteps * batch];
    }

    int layers() {
        return layers;
    }

    int batch() {
        return batch;
    }

    /**
     * Queues the norms of the latest window.
     *
     * @param steps T of the window
     * @param isLastKnown whether the workspace has those of the last layer, as after a step that recorded them
     */
    void record(int steps, boolean isLastKnown) {
        for (int layer = 0; layer < layers; layer++) {
            Tensor target = norms.view((long) layer * maxSteps * batch, steps, batch);
            if (layer == layers - 1 && isLastKnown) {
                backend.copy(workspace.norms(), target);
            } else {
                Tensor gradient = scratch.view(0, steps, batch, widths[layer]);
                backend.regularize(
                        Regularization.NONE,
                        workspace.raw(layer),
                        Mask.NONE,
                        workspace.hidden(layer),
                        gradient,
                        gradient,
                        penalties,
                        target);
            }
        }
        readback.record();
        pendingSteps = steps;
    }

    /** Waits for the norms that were recorded last; returns the steps of their window, 0 if they were taken before. */
    int take() {
        int steps = pendingSteps;
        if (steps > 0) {
            readback.await(values);
            pendingSteps = 0;
        }
        return steps;
    }

    /** The norm of a layer's output at a step of stream b, of the window that was taken last. */
    double norm(int layer, int t, int b) {
        return values[(layer * maxSteps + t) * batch + b];
    }

    @Override
    public void close() {
        arena.close();
    }
}
