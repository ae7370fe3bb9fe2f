package dev.tarn.backend;

import java.util.List;

/** Zeroing and copying, whole and through views. */
final class MemoryCases {

    private MemoryCases() {}

    static void addTo(List<OpCase> cases) {
        for (int size : new int[] {1, 33, 1150}) {
            cases.add(new OpCase("zero " + size, scene -> {
                Tensor all = scene.changed("all", 1, size + 2);
                scene.backend().zero(all.view(1, size));
            }));
            cases.add(new OpCase("copy " + size, scene -> {
                Tensor source = scene.input("source", 1, size);
                scene.backend().copy(source, scene.output("target", 1, size));
            }));
        }
    }
}
