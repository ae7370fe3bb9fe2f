package dev.tarn.backend.cuda;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.DrawnMasks;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.Arrays;

/** Training steps with everything on: all dropouts, AR, TAR, the paper's norm-stabilizer, clip and Adam. */
final class FullSteps implements AutoCloseable {

    private static final Regularization EVERYTHING =
            new Regularization(2, 1, 50, Regularization.ArOn.DROPPED, Regularization.NormForm.PAPER, true);

    private final Backend backend;
    private final LanguageModel model;
    private final LmWorkspace workspace;
    private final Arena arena;
    private final Tensor m;
    private final Tensor v;
    private final Tensor clip;
    private final DrawnMasks masks;
    private final int[] ids;
    private final int steps;
    private final double[] lr;
    private final double[] wd;
    private long done;

    FullSteps(Backend backend, AwdLstmConfig config, int batch, int steps) {
        this.backend = backend;
        this.steps = steps;
        model = new LanguageModel(backend, config, 1);
        workspace = model.workspace(batch, steps);
        arena = backend.arena("optimizer");
        int size = Math.toIntExact(model.parameters().values().size());
        m = arena.real("m", size);
        v = arena.real("v", size);
        clip = arena.real("clip", 2);
        masks = new DrawnMasks(config, 1);
        ids = new int[steps * batch];
        Arrays.setAll(ids, i -> i * 13 % config.vocab());
        lr = new double[model.groups()];
        wd = new double[model.groups()];
        Arrays.fill(lr, 1e-3);
        Arrays.fill(wd, 0.01);
    }

    /** Submits one, and waits for nothing. */
    void submit() {
        done++;
        workspace.train(ids, ids, steps, masks.step(done), EVERYTHING, 0, false);
        Tensor gradients = model.parameters().gradients();
        backend.clip(gradients, model.parameters().segments(0), 0.25, clip);
        backend.adam(
                model.parameters().values(),
                gradients,
                m,
                v,
                model.parameters().segments(0),
                lr,
                wd,
                true,
                0.8,
                0.99,
                1e-7,
                done,
                clip);
        workspace.weightsChanged();
    }

    /** The mean cross-entropy of the latest; waits for it. */
    double loss() {
        double[] stats = new double[2];
        backend.download(workspace.stats(), stats);
        return stats[0];
    }

    @Override
    public void close() {
        arena.close();
        workspace.close();
        model.close();
    }
}
