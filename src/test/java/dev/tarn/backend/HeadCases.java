package dev.tarn.backend;

import dev.tarn.backend.Scene.MaskKind;
import java.util.Arrays;
import java.util.List;

/** The classifier's head: pooling of padded documents, linear layers, batch normalisation, each with its gradients. */
final class HeadCases {

    private static final int TOKEN = 1;

    /** T, B, H. */
    private static final int[][] POOLED = {
        {1, 1, 1}, {3, 3, 33}, {70, 2, 71}, {140, 1, 400}, {33, 3, 3}, {3, 70, 12}, {2, 1, 1150}
    };

    /** N, I, O. */
    private static final int[][] LINEAR = {
        {1, 3, 1}, {2, 33, 2}, {1, 1200, 50}, {33, 1200, 50}, {64, 50, 2}, {70, 3, 33}, {3, 1, 1}
    };

    /** N, F. */
    private static final int[][] NORMALIZED = {{2, 1}, {3, 33}, {33, 50}, {64, 71}, {2, 1200}, {70, 3}};

    private static final List<MaskKind> MASKS = List.of(MaskKind.values());

    /** Where the positions are that fill a document up. */
    private enum Padded {
        LEFT,
        RIGHT,
        NONE,
        ALL
    }

    private HeadCases() {}

    static void addTo(List<OpCase> cases) {
        for (int[] s : POOLED) {
            for (Padded padded : Padded.values()) {
                addPooling(cases, padded, s[0], s[1], s[2]);
            }
        }
        for (int[] s : LINEAR) {
            addLinear(cases, s[0], s[1], s[2]);
        }
        for (int i = 0; i < NORMALIZED.length; i++) {
            int[] s = NORMALIZED[i];
            for (MaskKind mask : MASKS) {
                // Every mask on one shape; on the others the mask changes with the shape.
                if (s[0] == 3 || mask == MASKS.get(i % MASKS.size())) {
                    addBatchNorm(cases, mask, MASKS.indexOf(mask) % 2 == i % 2, s[0], s[1]);
                }
            }
        }
        addBatchNormOfOneRow(cases);
    }

    private static void addPooling(List<OpCase> cases, Padded padded, int t, int b, int h) {
        cases.add(new OpCase("pool T%d B%d H%d padded %s".formatted(t, b, h, padded), scene -> {
            int[] host = padded(scene, padded, t, b);
            Padding padding = Padding.count(scene.ids(host, t, b), host, 0, TOKEN);
            float[] values = scene.normal(1, t, b, h);
            // Every third unit has whole numbers, of which several are the highest.
            for (int i = 0; i < values.length; i += 3) {
                values[i] = Math.round(values[i]);
            }
            Tensor steps = scene.idsOutput("steps", b, h);
            scene.backend().pool(scene.input("h", values, t, b, h), padding, scene.output("out", b, 3 * h), steps);
            scene.backend().poolBackward(scene.input("dOut", 1, b, 3 * h), padding, steps, scene.output("dh", t, b, h));
        }));
    }

    /** Documents of different lengths, the second of them with no padding; with ALL, the others have nothing else. */
    private static int[] padded(Scene scene, Padded padded, int t, int b) {
        int[] ids = new int[t * b];
        Arrays.setAll(ids, i -> 2 + scene.random().nextInt(50));
        for (int document = 0; document < b; document++) {
            int words = 1 + scene.random().nextInt(t);
            for (int step = 0; step < t; step++) {
                boolean isPadding = switch (padded) {
                    case LEFT -> step < t - words;
                    case RIGHT -> step >= words;
                    case NONE -> false;
                    case ALL -> true;
                };
                if (isPadding && document != 1) {
                    ids[step * b + document] = TOKEN;
                }
            }
        }
        return ids;
    }

    private static void addLinear(List<OpCase> cases, int n, int i, int o) {
        for (boolean hasDx : new boolean[] {true, false}) {
            String name = "linear N%d I%d O%d %s dx".formatted(n, i, o, hasDx ? "with" : "without");
            cases.add(new OpCase(name, scene -> {
                Tensor x = scene.input("x", 1, n, i);
                Tensor w = scene.input("w", 1 / Math.sqrt(i), o, i);
                scene.backend().linear(x, w, scene.input("b", 0.3, o), scene.output("y", n, o));
                scene.backend()
                        .linearBackward(
                                x,
                                w,
                                scene.input("dy", 0.1, n, o),
                                hasDx ? scene.output("dx", n, i) : null,
                                scene.changed("dw", 0.1, o, i),
                                scene.changed("db", 0.1, o));
            }));
        }
    }

    private static void addBatchNorm(List<OpCase> cases, MaskKind kind, boolean relu, int n, int f) {
        String name = "batchNorm N%d F%d %s%s".formatted(n, f, kind, relu ? " relu" : "");
        cases.add(new OpCase(name, scene -> {
            BatchNorm norm = norm(scene, true, f);
            Tensor x = x(scene, n, f);
            scene.backend()
                    .batchNorm(x, relu, norm, scene.output("saved", 2, f), scene.mask(kind, n * f), y(scene, n, f));
        }));
        for (boolean inPlace : new boolean[] {true, false}) {
            cases.add(new OpCase(name + (inPlace ? " backward in place" : " backward"), scene -> {
                BatchNorm norm = norm(scene, false, f);
                Tensor dy = inPlace ? scene.changed("dx", 1, n, f) : scene.input("dy", 1, n, f);
                float[] saved = scene.normal(0.5, 2, f);
                for (int i = 0; i < saved.length; i++) {
                    saved[i] = i < f ? saved[i] : Math.abs(saved[i]) + 0.5f;
                }
                scene.backend()
                        .batchNormBackward(
                                x(scene, n, f),
                                relu,
                                norm,
                                scene.input("saved", saved, 2, f),
                                scene.mask(kind, n * f),
                                dy,
                                inPlace ? dy : scene.output("dx", n, f),
                                scene.changed("dGamma", 1, f),
                                scene.changed("dBeta", 1, f));
            }));
        }
        cases.add(new OpCase(name + " evaluate", scene -> {
            BatchNorm norm = norm(scene, false, f);
            scene.backend().batchNormEvaluate(x(scene, n, f), relu, norm, y(scene, n, f));
        }));
    }

    private static void addBatchNormOfOneRow(List<OpCase> cases) {
        cases.add(new OpCase(
                "batchNorm evaluates one row",
                scene -> scene.backend()
                        .batchNormEvaluate(x(scene, 1, 33), true, norm(scene, false, 33), y(scene, 1, 33))));
    }

    /** With some exact zeros, where the rectifier has its corner. */
    private static Tensor x(Scene scene, int n, int f) {
        float[] x = scene.normal(1, n, f);
        for (int i = 0; i < x.length; i += 7) {
            x[i] = 0;
        }
        return scene.input("x", x, n, f);
    }

    private static Tensor y(Scene scene, int n, int f) {
        return scene.output("y", n, f);
    }

    private static BatchNorm norm(Scene scene, boolean isTraining, int f) {
        float[] variance = scene.normal(1, f);
        for (int i = 0; i < f; i++) {
            variance[i] = Math.abs(variance[i]);
        }
        return new BatchNorm(
                scene.input("gamma", 1, f),
                scene.input("beta", 1, f),
                isTraining ? scene.changed("mean", 1, f) : scene.input("mean", 1, f),
                isTraining ? scene.changed("variance", variance, f) : scene.input("variance", variance, f));
    }
}
