package dev.tarn.model;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import java.util.stream.Stream;

/** Opens each backend that can be opened here, in single precision or better. */
final class OnEveryBackend {

    private OnEveryBackend() {}

    /** What can be opened here, for parametrised tests. */
    static Stream<BackendProvider> available() {
        return Devices.providers().stream().filter(provider -> provider.unavailable() == null);
    }

    static Backend open(BackendProvider provider) {
        return provider.open(0, Precision.F32);
    }

    /** The reference alone. */
    static Backend reference() {
        return Devices.open("reference", Precision.F64);
    }
}
