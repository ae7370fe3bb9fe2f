package dev.tarn.backend.cuda;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.Devices;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.DrawnMasks;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.Arrays;

/**
 * A program that submits training steps of fastai's model with everything on, and prints what the last of them made the
 * software device do: a name and a number a line.
 */
final class CountedSteps {

    static final AwdLstmConfig MODEL = AwdLstmConfig.defaults(60_000);
    static final int BATCH = 64;
    static final int STEPS = 70;

    private CountedSteps() {}

    /** @param args how many steps */
    public static void main(String[] args) {
        int count = Integer.parseInt(args[0]);
        Regularization everything =
                new Regularization(2, 1, 50, Regularization.ArOn.DROPPED, Regularization.NormForm.PAPER, true);
        int[] ids = new int[STEPS * BATCH];
        Arrays.setAll(ids, i -> i * 13 % MODEL.vocab());
        try (Backend backend = Devices.open("cuda:0", new BackendOptions(Precision.F32, LstmPath.CUDNN));
                LanguageModel model = new LanguageModel(backend, MODEL, 1);
                LmWorkspace workspace = model.workspace(BATCH, STEPS);
                Arena arena = backend.arena("optimizer")) {
            int size = Math.toIntExact(model.parameters().values().size());
            Tensor m = arena.real("m", size);
            Tensor v = arena.real("v", size);
            Tensor clip = arena.real("clip", 2);
            DrawnMasks masks = new DrawnMasks(MODEL, 1);
            double[] lr = new double[model.groups()];
            double[] wd = new double[model.groups()];
            Arrays.fill(lr, 1e-3);
            Arrays.fill(wd, 0.01);
            long[] before = new long[DeviceCounter.values().length];
            for (int step = 1; step <= count; step++) {
                Arrays.setAll(before, i -> DeviceCounter.values()[i].value());
                model.parameters().zeroGradients();
                workspace.train(ids, ids, STEPS, masks.step(step), everything, 0, false);
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
                        step,
                        clip);
                workspace.weightsChanged();
            }
            for (DeviceCounter counter : DeviceCounter.values()) {
                System.out.println(counter + " " + (counter.value() - before[counter.ordinal()]));
            }
        }
    }
}
