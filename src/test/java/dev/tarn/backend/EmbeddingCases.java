package dev.tarn.backend;

import dev.tarn.backend.Scene.MaskKind;
import java.util.List;

/** The embedding with its two dropouts, its gradient, and locked dropout. */
final class EmbeddingCases {

    /** T, B, V, E. */
    private static final int[][] SHAPES = {
        {1, 1, 1, 1}, {3, 1, 2, 33}, {5, 3, 33, 7}, {70, 2, 71, 33}, {33, 3, 5, 70}, {2, 1, 1150, 1150}
    };

    private EmbeddingCases() {}

    static void addTo(List<OpCase> cases) {
        for (int[] s : SHAPES) {
            for (MaskKind rows : MaskKind.values()) {
                for (MaskKind input : MaskKind.values()) {
                    if (rows == input || s[3] == 7) {
                        add(cases, s[0], s[1], s[2], s[3], rows, input);
                    }
                }
            }
        }
        for (int[] s : new int[][] {{1, 1, 1}, {3, 1, 33}, {70, 3, 71}, {2, 2, 1150}}) {
            for (MaskKind kind : MaskKind.values()) {
                String shape = "T%d B%d H%d %s".formatted(s[0], s[1], s[2], kind);
                cases.add(new OpCase("lockedDropout " + shape, scene -> {
                    Tensor x = scene.input("x", 1, s);
                    scene.backend().lockedDropout(x, scene.mask(kind, s[1] * s[2]), scene.output("out", s));
                }));
                cases.add(new OpCase("lockedDropout in place " + shape, scene -> {
                    Tensor x = scene.changed("x", 1, s);
                    scene.backend().lockedDropout(x, scene.mask(kind, s[1] * s[2]), x);
                }));
            }
        }
    }

    private static void add(List<OpCase> cases, int t, int b, int v, int e, MaskKind rows, MaskKind input) {
        String shape = "T%d B%d V%d E%d rows %s input %s".formatted(t, b, v, e, rows, input);
        cases.add(new OpCase("embed " + shape, scene -> {
            Tensor w = scene.input("w", 1, v, e);
            Tensor ids = scene.ids(v, t, b);
            scene.backend().embed(w, ids, scene.mask(rows, v), scene.mask(input, b * e), scene.output("out", t, b, e));
        }));
        for (int padding : new int[] {-1, v / 2}) {
            cases.add(new OpCase("embedBackward padding " + padding + " " + shape, scene -> {
                Tensor dOut = scene.input("dOut", 1, t, b, e);
                Tensor ids = scene.ids(v, t, b);
                Tensor dw = scene.changed("dw", 1, v, e);
                scene.backend().embedBackward(dOut, ids, scene.mask(rows, v), scene.mask(input, b * e), padding, dw);
            }));
        }
    }
}
