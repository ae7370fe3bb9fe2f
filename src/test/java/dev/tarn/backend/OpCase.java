package dev.tarn.backend;

import java.util.function.Consumer;

/**
 * One operation, or a short sequence of them, on one choice of shapes, masks and options.
 *
 * @param name unique; the numbers of the case depend on it
 * @param run lays out its tensors in a scene and calls the operation
 */
record OpCase(String name, Consumer<Scene> run) {

    @Override
    public String toString() {
        return name;
    }
}
