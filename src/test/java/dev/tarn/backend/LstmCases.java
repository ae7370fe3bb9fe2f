package dev.tarn.backend;

import dev.tarn.backend.Scene.MaskKind;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The LSTM layer: every shape and mask, frozen and missing gradients, and plans that are used more than once. */
final class LstmCases {

    /** T, B, I, H. */
    private static final int[][] SHAPES = {
        {1, 1, 1, 1}, {1, 3, 33, 3}, {7, 1, 3, 33}, {3, 2, 70, 71}, {70, 2, 5, 33}, {71, 1, 1, 3}, {5, 33, 33, 8}
    };

    private LstmCases() {}

    static void addTo(List<OpCase> cases) {
        for (int[] s : SHAPES) {
            for (MaskKind kind : MaskKind.values()) {
                add(cases, kind, s[0], s[1], s[2], s[3]);
            }
        }
        add(cases, MaskKind.DRAWN, 2, 1, 33, 1150);
        add(cases, MaskKind.NONE, 2, 1, 1150, 70);
        for (int wanted = 0; wanted < 64; wanted += 7) {
            addMissing(cases, wanted);
        }
        for (MaskKind kind : MaskKind.values()) {
            addStart(cases, kind, 1, 1, 33, 3);
            addStart(cases, kind, 7, 3, 5, 33);
            addStart(cases, kind, 3, 2, 12, 64);
        }
        addReuse(cases);
        addSaturated(cases);
        addWindows(cases, 1, 3, 5, new int[] {2, 1, 0});
        addWindows(cases, 3, 5, 33, new int[] {2, 1, 0});
        addWindows(cases, 2, 33, 12, new int[] {1, 2, 0});
    }

    /** One layer in a scene, for one plan. */
    private static final class Layer implements AutoCloseable {
        final Scene scene;
        final int b;
        final int i;
        final int h;
        final LstmWeights weights;
        final LstmWeights gradients;
        final Lstm lstm;

        Layer(Scene scene, int b, int maxSteps, int i, int h, double deviation) {
            this(scene, b, maxSteps, i, h, deviation, 1);
        }

        Layer(Scene scene, int b, int maxSteps, int i, int h, double deviation, int windows) {
            this.scene = scene;
            this.b = b;
            this.i = i;
            this.h = h;
            weights = new LstmWeights(
                    scene.input("wIh", deviation / Math.sqrt(i), 4 * h, i),
                    scene.input("wHh", deviation / Math.sqrt(h), 4 * h, h),
                    scene.input("bIh", 0.3, 4 * h),
                    scene.input("bHh", 0.3, 4 * h));
            gradients = new LstmWeights(
                    scene.changed("dwIh", 0.1, 4 * h, i),
                    scene.changed("dwHh", 0.1, 4 * h, h),
                    scene.changed("dbIh", 0.1, 4 * h),
                    scene.changed("dbHh", 0.1, 4 * h));
            lstm = scene.backend().lstm(b, maxSteps, i, h, windows);
        }

        Mask load(MaskKind kind) {
            Mask mask = scene.mask(kind, 4 * h * h);
            lstm.load(weights, mask);
            return mask;
        }

        Window window(String name, int steps) {
            return new Window(this, name, steps, null, null);
        }

        @Override
        public void close() {
            lstm.close();
        }
    }

    /** A window through a layer, forward on creation. */
    private static final class Window {
        final Layer layer;
        final String name;
        final int steps;
        final Tensor x;
        final Tensor h0;
        final Tensor c0;
        final Tensor y;
        final Tensor hT;
        final Tensor cT;

        Window(Layer layer, String name, int steps, @Nullable Tensor carriedH, @Nullable Tensor carriedC) {
            this.layer = layer;
            this.name = name;
            this.steps = steps;
            Scene scene = layer.scene;
            x = scene.input(name + "x", 1, steps, layer.b, layer.i);
            h0 = carriedH == null ? scene.input(name + "h0", 0.5, layer.b, layer.h) : carriedH;
            c0 = carriedC == null ? scene.input(name + "c0", 1, layer.b, layer.h) : carriedC;
            y = scene.output(name + "y", steps, layer.b, layer.h);
            hT = scene.output(name + "hT", layer.b, layer.h);
            cT = scene.output(name + "cT", layer.b, layer.h);
        }

        Window forward(boolean training) {
            layer.lstm.forward(x, h0, c0, y, hT, cT, training);
            return this;
        }

        void backward() {
            backward(true);
        }

        void backward(boolean trains) {
            backward(trains ? layer.gradients : null, GradientSum.CONTINUE);
        }

        void backward(@Nullable LstmWeights gradients, GradientSum sum) {
            Scene scene = layer.scene;
            layer.lstm.backward(
                    x,
                    h0,
                    c0,
                    y,
                    scene.overwritable(name + "dy", 1, steps, layer.b, layer.h),
                    scene.input(name + "dhT", 1, layer.b, layer.h),
                    scene.input(name + "dcT", 1, layer.b, layer.h),
                    scene.output(name + "dx", steps, layer.b, layer.i),
                    scene.output(name + "dh0", layer.b, layer.h),
                    scene.output(name + "dc0", layer.b, layer.h),
                    gradients,
                    sum);
        }
    }

    private static void add(List<OpCase> cases, MaskKind kind, int t, int b, int i, int h) {
        cases.add(new OpCase("lstm T%d B%d I%d H%d %s".formatted(t, b, i, h, kind), scene -> {
            try (Layer layer = new Layer(scene, b, t, i, h, 1)) {
                layer.load(kind);
                layer.window("", t).forward(true).backward();
            }
        }));
    }

    /** Gradients that hold no numbers before. */
    private static void addStart(List<OpCase> cases, MaskKind kind, int t, int b, int i, int h) {
        cases.add(new OpCase("lstm starts gradients T%d B%d I%d H%d %s".formatted(t, b, i, h, kind), scene -> {
            try (Layer layer = new Layer(scene, b, t, i, h, 1)) {
                layer.load(kind);
                LstmWeights fresh = new LstmWeights(
                        scene.output("fresh dwIh", 4 * h, i),
                        scene.output("fresh dwHh", 4 * h, h),
                        scene.output("fresh dbIh", 4 * h),
                        scene.output("fresh dbHh", 4 * h));
                layer.window("", t).forward(true).backward(fresh, GradientSum.START);
            }
        }));
    }

    /** The bits of {@code wanted} choose which of the six optional tensors are there. */
    private static void addMissing(List<OpCase> cases, int wanted) {
        cases.add(new OpCase("lstm with gradients " + Integer.toBinaryString(wanted), scene -> {
            try (Layer layer = new Layer(scene, 2, 4, 5, 33, 1)) {
                layer.load(MaskKind.DRAWN);
                Window w = layer.window("", 4).forward(true);
                Tensor dy = scene.overwritable("dy", 1, 4, 2, 33);
                layer.lstm.backward(
                        w.x,
                        w.h0,
                        w.c0,
                        w.y,
                        dy,
                        (wanted & 1) == 0 ? null : scene.input("dhT", 1, 2, 33),
                        (wanted & 2) == 0 ? null : scene.input("dcT", 1, 2, 33),
                        (wanted & 4) == 0 ? null : scene.output("dx", 4, 2, 5),
                        (wanted & 8) == 0 ? null : scene.output("dh0", 2, 33),
                        (wanted & 16) == 0 ? null : scene.output("dc0", 2, 33),
                        (wanted & 32) == 0 ? null : layer.gradients);
            }
        }));
    }

    /** One plan over windows of many lengths, with carried state, evaluation in between and new masks. */
    private static void addReuse(List<OpCase> cases) {
        cases.add(new OpCase("lstm plan reused for shorter windows", scene -> {
            try (Layer layer = new Layer(scene, 3, 7, 5, 33, 1)) {
                layer.load(MaskKind.NONE);
                int[] lengths = {7, 3, 1, 7, 2};
                for (int k = 0; k < lengths.length; k++) {
                    layer.window("w" + k + " ", lengths[k]).forward(true).backward();
                }
            }
        }));
        cases.add(new OpCase("lstm plan reused with carried state and new masks", scene -> {
            try (Layer layer = new Layer(scene, 2, 5, 3, 33, 1)) {
                layer.load(MaskKind.DRAWN);
                Window first = layer.window("w0 ", 5).forward(true);
                first.backward();
                layer.load(MaskKind.GIVEN);
                Window second = new Window(layer, "w1 ", 2, first.hT, first.cT).forward(true);
                second.backward();
                layer.load(MaskKind.NONE);
                new Window(layer, "w2 ", 4, second.hT, second.cT).forward(false);
            }
        }));
        cases.add(new OpCase("lstm evaluation before and after training", scene -> {
            try (Layer layer = new Layer(scene, 2, 5, 3, 33, 1)) {
                layer.load(MaskKind.NONE);
                layer.window("w0 ", 5).forward(false);
                layer.window("w1 ", 4).forward(true).backward();
                layer.window("w2 ", 1).forward(false);
            }
        }));
    }

    /**
     * Documents in windows: all forward, each with a mask of its own, from the state that the one before left; then all
     * backward in some order, the middle one without gradients of weights, and inference in between. Twice.
     */
    private static void addWindows(List<OpCase> cases, int b, int i, int h, int[] order) {
        String name = "lstm windows B%d I%d H%d %s".formatted(b, i, h, Arrays.toString(order));
        int[] lengths = {5, 9, 3};
        MaskKind[] kinds = {MaskKind.DRAWN, MaskKind.GIVEN, MaskKind.NONE};
        cases.add(new OpCase(name, scene -> {
            try (Layer layer = new Layer(scene, b, 9, i, h, 1, lengths.length)) {
                for (int round = 0; round < 2; round++) {
                    Window[] windows = new Window[lengths.length];
                    Mask[] masks = new Mask[lengths.length];
                    Tensor carriedH = null;
                    Tensor carriedC = null;
                    for (int k = 0; k < lengths.length; k++) {
                        masks[k] = layer.load(kinds[k]);
                        layer.lstm.window(k);
                        windows[k] = new Window(layer, round + "." + k + " ", lengths[k], carriedH, carriedC);
                        windows[k].forward(true);
                        carriedH = windows[k].hT;
                        carriedC = windows[k].cT;
                    }
                    for (int k : order) {
                        layer.load(MaskKind.NONE);
                        layer.window(round + " between " + k + " ", 9 - k).forward(false);
                        layer.lstm.load(layer.weights, masks[k]);
                        layer.lstm.window(k);
                        // The second document starts the sums anew.
                        boolean starts = round == 1 && k == 2;
                        windows[k].backward(
                                k == 1 ? null : layer.gradients, starts ? GradientSum.START : GradientSum.CONTINUE);
                    }
                }
            }
        }));
        cases.add(new OpCase(name + " inference alone", scene -> {
            try (Layer layer = new Layer(scene, b, 9, i, h, 1, 0)) {
                layer.load(MaskKind.NONE);
                layer.window("", 9).forward(false);
            }
        }));
    }

    /** Gates at their limits: large weights and inputs. */
    private static void addSaturated(List<OpCase> cases) {
        cases.add(new OpCase("lstm saturated", scene -> {
            try (Layer layer = new Layer(scene, 2, 5, 12, 33, 12)) {
                layer.load(MaskKind.DRAWN);
                layer.window("", 5).forward(true).backward();
            }
        }));
    }
}
