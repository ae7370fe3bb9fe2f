package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.TestDevice;
import java.util.List;

/** The backends that can be opened here, in single precision or better. */
final class Backends {

    private Backends() {}

    /** What each is called, with its kind of recurrent layer where it has several. */
    static List<String> names() {
        return TestDevice.exact().stream().map(TestDevice::toString).toList();
    }

    /** Opens one of them, by its full name or as users call it. */
    static Backend open(String name) {
        return TestDevice.exact().stream()
                .filter(device -> device.toString().equals(name)
                        || device.provider().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " cannot be opened here"))
                .open();
    }
}
