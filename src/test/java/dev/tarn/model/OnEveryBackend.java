package dev.tarn.model;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.TestDevice;
import java.util.stream.Stream;

/** Opens each backend that can be opened here, in single precision or better. */
final class OnEveryBackend {

    private OnEveryBackend() {}

    /** What can be opened here, for parametrised tests. */
    static Stream<TestDevice> available() {
        return TestDevice.exact().stream();
    }

    /** The reference alone. */
    static Backend reference() {
        return TestDevice.reference().open();
    }
}
