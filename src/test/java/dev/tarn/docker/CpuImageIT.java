package dev.tarn.docker;

import java.util.function.UnaryOperator;

/** The image of {@code Dockerfile.cpu}, or the one that {@code -Dtarn.image.cpu} names, in a container. */
class CpuImageIT extends ImageContract {

    static Container container() {
        return Container.open("Dockerfile.cpu", "tarn.image.cpu", UnaryOperator.identity());
    }

    @Override
    void assumePossible() {
        Engine.assumePresent();
    }

    @Override
    Box open() {
        return container();
    }

    @Override
    String device() {
        return "cpu";
    }
}
