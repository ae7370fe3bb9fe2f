package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The image of {@code Dockerfile.cuda}, or the one that {@code -Dtarn.image} names, in a container with all GPUs. */
@Tag("gpu")
class CudaImageIT extends ImageContract {

    @Override
    void assumePossible() {
        Engine.assumeGpu();
    }

    @Override
    Box open() {
        return Container.open(
                "Dockerfile.cuda", "tarn.image", host -> host.withDeviceRequests(List.of(Engine.allGpus())));
    }

    @Override
    String device() {
        return "cuda:0";
    }

    @Test
    void itsLossesAreThoseOfTheCpuImage() throws IOException, InterruptedException {
        try (Box cpu = CpuImageIT.container()) {
            Losses.train(box(), "cuda:0").mustBeCloseTo(Losses.train(cpu, "cpu"));
        }
    }

    /** Or it would be the software device, or a GPU that {@code auto} passed over. */
    @Test
    void itsLibrariesAreThoseOfTheImage() throws IOException, InterruptedException {
        Box.Outcome outcome = box().exec("/opt/tarn/tarn", "doctor");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("libcudnn.so.9").doesNotContain("software device");
    }
}
