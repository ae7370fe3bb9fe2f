package dev.tarn.backend;

import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Scene.MaskKind;
import java.util.Arrays;
import java.util.List;

/** AR, TAR and both norm-stabilizers, alone and together, over every kind of mask. */
final class RegularizerCases {

    /** T, B, H. */
    private static final int[][] SHAPES = {
        {1, 1, 1}, {1, 3, 33}, {2, 1, 3}, {5, 1, 70}, {3, 3, 1}, {33, 3, 71}, {71, 2, 33}, {3, 2, 1150}
    };

    private static final List<Regularization> SPECS = List.of(
            Regularization.NONE,
            new Regularization(2, 0, 0, ArOn.DROPPED, NormForm.PAPER, false),
            new Regularization(2, 0, 0, ArOn.RAW, NormForm.PAPER, false),
            new Regularization(0, 1, 0, ArOn.DROPPED, NormForm.PAPER, false),
            new Regularization(0, 0, 50, ArOn.DROPPED, NormForm.PAPER, false),
            new Regularization(0, 0, 50, ArOn.DROPPED, NormForm.PAPER, true),
            new Regularization(0, 0, 50, ArOn.DROPPED, NormForm.SEED, false),
            new Regularization(2, 1, 50, ArOn.DROPPED, NormForm.PAPER, true),
            new Regularization(2, 1, 50, ArOn.RAW, NormForm.SEED, true));

    /** The token of padding. */
    private static final int PADDING = 1;

    private static final List<MaskKind> MASKS = List.of(MaskKind.values());

    private RegularizerCases() {}

    static void addTo(List<OpCase> cases) {
        for (int[] s : SHAPES) {
            for (Regularization spec : SPECS) {
                // Every mask with every option on one shape; on the others the mask changes with the option.
                boolean isThorough = s[2] == 70;
                for (MaskKind mask : MASKS) {
                    if (isThorough || mask == MASKS.get(SPECS.indexOf(spec) % MASKS.size())) {
                        add(cases, spec, mask, s);
                    }
                }
            }
        }
        addZeroRows(cases);
        for (int[] s : new int[][] {{1, 3, 33}, {7, 3, 33}, {35, 2, 70}}) {
            for (Regularization spec : SPECS) {
                for (Where where : Where.values()) {
                    addPadded(cases, spec, where, s);
                }
            }
        }
    }

    /** Where a window has padding. */
    private enum Where {
        LEFT,
        RIGHT,
        SCATTERED,
        EVERYWHERE;

        /** Whether step t of sequence b is padding; sequences have different lengths. */
        boolean isPadding(int t, int b, int... s) {
            int length = s[0] * (s[1] - 1 - b) / s[1];
            return switch (this) {
                case LEFT -> t < length;
                case RIGHT -> t >= s[0] - length;
                case SCATTERED -> (3 * t + 5 * b) % 7 < 3;
                case EVERYWHERE -> true;
            };
        }
    }

    private static void addPadded(List<OpCase> cases, Regularization spec, Where where, int... s) {
        String name = "regularize padding %s T%d B%d H%d %s".formatted(where, s[0], s[1], s[2], spec);
        MaskKind kind = MASKS.get(SPECS.indexOf(spec) % MASKS.size());
        cases.add(new OpCase(name, scene -> {
            int[] ids = new int[s[0] * s[1]];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = where.isPadding(i / s[1], i % s[1], s) ? PADDING : 2 + i % 5;
            }
            Padding padding = Padding.count(scene.ids(ids, s[0], s[1]), ids, 0, PADDING);
            scene.backend()
                    .regularize(
                            spec,
                            scene.input("h", 0.5, s),
                            padding,
                            scene.mask(kind, s[1] * s[2]),
                            scene.input("h0", 0.5, s[1], s[2]),
                            scene.input("dDropped", 0.01, s),
                            scene.output("dh", s),
                            scene.output("values", 3),
                            scene.output("norms", s[0], s[1]));
        }));
    }

    private static void add(List<OpCase> cases, Regularization spec, MaskKind kind, int... s) {
        String name = "regularize T%d B%d H%d %s %s".formatted(s[0], s[1], s[2], kind, spec);
        cases.add(new OpCase(name, scene -> {
            Tensor h = scene.input("h", 0.5, s);
            Tensor h0 = scene.input("h0", 0.5, s[1], s[2]);
            Tensor dDropped = scene.input("dDropped", 0.01, s);
            Tensor dh = scene.output("dh", s);
            Tensor values = scene.output("values", 3);
            Tensor norms = scene.output("norms", s[0], s[1]);
            scene.backend().regularize(spec, h, scene.mask(kind, s[1] * s[2]), h0, dDropped, dh, values, norms);
        }));
        cases.add(new OpCase(name + " in place without norms", scene -> {
            Tensor h = scene.input("h", 0.5, s);
            Tensor h0 = scene.input("h0", 0.5, s[1], s[2]);
            Tensor dh = scene.changed("dh", 0.01, s);
            Tensor values = scene.output("values", 3);
            scene.backend().regularize(spec, h, scene.mask(kind, s[1] * s[2]), h0, dh, dh, values, null);
        }));
    }

    private static void addZeroRows(List<OpCase> cases) {
        for (Regularization spec : SPECS) {
            for (boolean isAllZero : new boolean[] {false, true}) {
                String name = (isAllZero ? "regularize all zero " : "regularize zero rows ") + spec;
                cases.add(new OpCase(name, scene -> {
                    float[] values = scene.normal(0.5, 6, 2, 33);
                    Arrays.fill(values, isAllZero ? 0 : 33, isAllZero ? values.length : 5 * 33, 0);
                    Tensor h = scene.input("h", values, 6, 2, 33);
                    Tensor h0 = scene.input("h0", new float[66], 2, 33);
                    Tensor dDropped = scene.input("dDropped", 0.01, 6, 2, 33);
                    scene.backend()
                            .regularize(
                                    spec,
                                    h,
                                    Mask.NONE,
                                    h0,
                                    dDropped,
                                    scene.output("dh", 6, 2, 33),
                                    scene.output("values", 3),
                                    scene.output("norms", 6, 2));
                }));
            }
        }
    }
}
