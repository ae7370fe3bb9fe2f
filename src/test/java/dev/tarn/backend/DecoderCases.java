package dev.tarn.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The decoder with its loss: shapes, with and without bias, frozen parameters, plans used more than once. */
final class DecoderCases {

    /** N, V, E. */
    private static final int[][] SHAPES = {
        {1, 1, 1}, {3, 2, 1}, {1, 33, 70}, {33, 71, 3}, {70, 1150, 33}, {5, 3, 1150}, {71, 33, 70}
    };

    private DecoderCases() {}

    static void addTo(List<OpCase> cases) {
        for (int[] s : SHAPES) {
            for (boolean hasBias : new boolean[] {true, false}) {
                add(cases, hasBias, s[0], s[1], s[2]);
            }
        }
        addFrozen(cases);
        addReuse(cases);
        addLargeLogits(cases);
        addCounting(cases);
    }

    private static void add(List<OpCase> cases, boolean hasBias, int n, int v, int e) {
        String shape = "N%d V%d E%d %s".formatted(n, v, e, hasBias ? "with bias" : "without bias");
        cases.add(new OpCase("decoder loss and gradients " + shape, scene -> {
            try (Decoder decoder = scene.backend().decoder(v, e, n)) {
                decoder.load(weight(scene, v, e), hasBias ? scene.input("b", 0.3, v) : null);
                decoder.lossAndGradients(
                        scene.input("x", 1, n, e),
                        scene.ids(v, n),
                        scene.output("stats", 2),
                        scene.output("dx", n, e),
                        scene.changed("dw", 0.01, v, e),
                        hasBias ? scene.changed("db", 0.01, v) : null);
            }
        }));
        cases.add(new OpCase("decoder starts gradients " + shape, scene -> {
            try (Decoder decoder = scene.backend().decoder(v, e, n)) {
                decoder.load(weight(scene, v, e), hasBias ? scene.input("b", 0.3, v) : null);
                decoder.lossAndGradients(
                        scene.input("x", 1, n, e),
                        scene.ids(v, n),
                        scene.output("stats", 2),
                        scene.output("dx", n, e),
                        scene.output("dw", v, e),
                        hasBias ? scene.output("db", v) : null,
                        GradientSum.START);
            }
        }));
        cases.add(new OpCase("decoder loss alone and logits " + shape, scene -> {
            try (Decoder decoder = scene.backend().decoder(v, e, n + 1)) {
                decoder.load(weight(scene, v, e), hasBias ? scene.input("b", 0.3, v) : null);
                Tensor x = scene.input("x", 1, n, e);
                decoder.logits(x, scene.output("logits", n, v));
                loss(scene, decoder, x, scene.ids(v, n), "mean");
            }
        }));
    }

    private static Tensor weight(Scene scene, int v, int e) {
        return scene.input("w", 1 / Math.sqrt(e), v, e);
    }

    /** Keeps the mean alone: the count of hits may differ where two logits are nearly equal. */
    private static void loss(Scene scene, Decoder decoder, Tensor x, Tensor targets, String name) {
        Tensor stats = scene.overwritable("stats", 1, 2);
        decoder.loss(x, targets, stats);
        scene.backend().copy(stats.view(0, 1), scene.output(name, 1));
    }

    private static void addFrozen(List<OpCase> cases) {
        for (int trained = 0; trained < 4; trained++) {
            boolean hasDw = (trained & 1) == 1;
            boolean hasDb = (trained & 2) == 2;
            cases.add(new OpCase("decoder trains weight " + hasDw + ", bias " + hasDb, scene -> {
                try (Decoder decoder = scene.backend().decoder(33, 7, 12)) {
                    decoder.load(weight(scene, 33, 7), scene.input("b", 0.3, 33));
                    gradients(
                            scene,
                            decoder,
                            "",
                            12,
                            hasDw ? scene.changed("dw", 1, 33, 7) : null,
                            hasDb ? scene.changed("db", 1, 33) : null);
                }
            }));
        }
    }

    /** On V=33 and E=7, with x and its gradient as [T,B,E]. */
    private static void gradients(
            Scene scene, Decoder decoder, String name, int rows, @Nullable Tensor dw, @Nullable Tensor db) {
        decoder.lossAndGradients(
                scene.input(name + "x", 1, rows / 3, 3, 7),
                scene.ids(33, rows / 3, 3),
                scene.output(name + "stats", 2),
                scene.output(name + "dx", rows / 3, 3, 7),
                dw,
                db);
    }

    private static void addReuse(List<OpCase> cases) {
        cases.add(new OpCase("decoder plan reused for fewer rows", scene -> {
            try (Decoder decoder = scene.backend().decoder(33, 7, 30)) {
                decoder.load(weight(scene, 33, 7), scene.input("b", 0.3, 33));
                Tensor dw = scene.changed("dw", 0.01, 33, 7);
                Tensor db = scene.changed("db", 0.01, 33);
                gradients(scene, decoder, "30 ", 30, dw, db);
                gradients(scene, decoder, "3 ", 3, dw, db);
                loss(scene, decoder, scene.input("x12", 1, 4, 3, 7), scene.ids(33, 4, 3), "mean12");
                decoder.load(scene.input("w without bias", 0.3, 33, 7), null);
                gradients(scene, decoder, "18 ", 18, dw, null);
            }
        }));
    }

    private static void addLargeLogits(List<OpCase> cases) {
        cases.add(new OpCase("decoder logits in the hundreds", scene -> {
            try (Decoder decoder = scene.backend().decoder(71, 33, 9)) {
                decoder.load(scene.input("w", 30, 71, 33), scene.input("b", 30, 71));
                decoder.lossAndGradients(
                        scene.input("x", 1, 9, 33),
                        scene.ids(71, 9),
                        scene.output("stats", 2),
                        scene.output("dx", 9, 33),
                        scene.changed("dw", 0.1, 71, 33),
                        scene.changed("db", 0.1, 71));
            }
        }));
    }

    /** Logits are small whole numbers with many ties, so that every precision counts the same hits. */
    private static void addCounting(List<OpCase> cases) {
        cases.add(new OpCase("decoder counts the lowest of equal largest logits", scene -> {
            float[] w = wholeNumbers(scene, 71 * 3);
            float[] x = wholeNumbers(scene, 70 * 3);
            try (Decoder decoder = scene.backend().decoder(71, 3, 70)) {
                decoder.load(scene.input("w", w, 71, 3), null);
                decoder.loss(
                        scene.input("x", x, 70, 3),
                        scene.ids(largest(w, x, 71, 3), 70),
                        scene.output("stats of the lowest", 2));
                decoder.loss(scene.input("x2", x, 70, 3), scene.ids(71, 70), scene.output("stats of any", 2));
            }
        }));
    }

    private static float[] wholeNumbers(Scene scene, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = scene.random().nextInt(5) - 2;
        }
        return values;
    }

    private static int[] largest(float[] w, float[] x, int v, int e) {
        int[] best = new int[x.length / e];
        for (int n = 0; n < best.length; n++) {
            float most = Float.NEGATIVE_INFINITY;
            for (int row = 0; row < v; row++) {
                float logit = 0;
                for (int j = 0; j < e; j++) {
                    logit += w[row * e + j] * x[n * e + j];
                }
                if (logit > most) {
                    most = logit;
                    best[n] = row;
                }
            }
        }
        return best;
    }
}
