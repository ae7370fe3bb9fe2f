package dev.tarn.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Clipping, the optimizers and the running average over flat tensors whose segments leave gaps. */
final class OptimizerCases {

    private static final double[] LR = {0.003, 0.02};
    private static final double[] WD = {0.01, 0.3};

    private OptimizerCases() {}

    static void addTo(List<OpCase> cases) {
        for (int size : new int[] {1, 3, 33, 1150, 100_003}) {
            cases.add(new OpCase("clip " + size, scene -> {
                Tensor g = scene.input("g", 0.1, size);
                scene.backend().clip(g, segments(size), 0.4, scene.output("clip", 2));
                scene.backend().clip(g, segments(size), 1e6, scene.output("loose", 2));
                scene.backend().clip(g, List.of(), 0.4, scene.output("nothing", 2));
            }));
            cases.add(new OpCase("average " + size, scene -> {
                Tensor p = scene.input("p", 1, size);
                Tensor average = scene.changed("average", 1, size);
                // Of single precision: plain code does not round them, and so cannot say what that costs.
                scene.backend().average(p, average, segments(size), 1f / 3);
                scene.backend().average(p, average, segments(size), 0.01f);
            }));
            for (boolean decoupled : new boolean[] {true, false}) {
                for (boolean isClipped : new boolean[] {true, false}) {
                    if (size <= 1150 || decoupled == isClipped) {
                        addAdam(cases, size, decoupled, isClipped);
                        addSgd(cases, size, decoupled, isClipped);
                    }
                }
            }
        }
    }

    /** Two groups in three runs, in no order, with elements between them that no run covers. */
    private static List<Segment> segments(int size) {
        if (size < 10) {
            return List.of(new Segment(0, size, 1));
        }
        int third = size / 3;
        return List.of(
                new Segment(2L * third, third - 1, 0), new Segment(0, third - 2, 0), new Segment(third, third - 1, 1));
    }

    private static String name(String op, int size, boolean decoupled, boolean isClipped) {
        return op + " " + size + (decoupled ? " decoupled" : " coupled") + (isClipped ? " clipped" : "");
    }

    private static void addAdam(List<OpCase> cases, int size, boolean decoupled, boolean isClipped) {
        cases.add(new OpCase(name("adam", size, decoupled, isClipped), scene -> {
            Tensor p = scene.changed("p", 1, size);
            Tensor m = scene.changed("m", new float[size], size);
            Tensor v = scene.changed("v", new float[size], size);
            double[] beta1 = {0.8, 0.77, 0.71};
            // Coupled decay can cancel a gradient to its last bits, and with a small eps that noise moves p by lr.
            double eps = decoupled ? 1e-8 : 1e-3;
            for (int step = 1; step <= 3; step++) {
                Tensor g = scene.input("g" + step, 0.1, size);
                Tensor clip = clip(scene, g, size, isClipped, "clip" + step);
                scene.backend()
                        .adam(p, g, m, v, segments(size), LR, WD, decoupled, beta1[step - 1], 0.99, eps, step, clip);
            }
        }));
    }

    private static void addSgd(List<OpCase> cases, int size, boolean decoupled, boolean isClipped) {
        for (double momentum : new double[] {0, 0.9}) {
            cases.add(new OpCase(name("sgd", size, decoupled, isClipped) + " momentum " + momentum, scene -> {
                Tensor p = scene.changed("p", 1, size);
                Tensor buffer = momentum == 0 ? null : scene.changed("buffer", 1, size);
                for (int step = 1; step <= 3; step++) {
                    Tensor g = scene.input("g" + step, 0.1, size);
                    Tensor clip = clip(scene, g, size, isClipped, "clip" + step);
                    scene.backend().sgd(p, g, buffer, segments(size), LR, WD, decoupled, momentum, step, clip);
                }
            }));
        }
    }

    private static @Nullable Tensor clip(Scene scene, Tensor g, int size, boolean isClipped, String name) {
        if (!isClipped) {
            return null;
        }
        Tensor clip = scene.output(name, 2);
        scene.backend().clip(g, segments(size), 0.05, clip);
        return clip;
    }
}
