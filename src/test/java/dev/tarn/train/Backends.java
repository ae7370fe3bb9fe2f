package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import java.util.List;

/** The backends that can be opened here, in single precision where they have a choice. */
final class Backends {

    private Backends() {}

    /** Their names. */
    static List<String> names() {
        return Devices.providers().stream()
                .filter(provider -> provider.unavailable() == null)
                .map(BackendProvider::name)
                .toList();
    }

    static Backend open(String name) {
        return Devices.open(name, Precision.F32);
    }
}
