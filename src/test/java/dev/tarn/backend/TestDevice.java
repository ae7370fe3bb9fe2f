package dev.tarn.backend;

import dev.tarn.ConfigException;
import java.util.ArrayList;
import java.util.List;

/** A device of this build in one precision, to be opened by a test. */
record TestDevice(BackendProvider provider, Precision precision) {

    /** Every device that can be opened here, in every precision that it offers. */
    static List<TestDevice> all() {
        List<TestDevice> devices = new ArrayList<>();
        for (BackendProvider provider : Devices.providers()) {
            if (provider.unavailable() != null) {
                continue;
            }
            for (Precision precision : Precision.values()) {
                TestDevice device = new TestDevice(provider, precision);
                if (device.isOffered()) {
                    devices.add(device);
                }
            }
        }
        return devices;
    }

    private boolean isOffered() {
        try (Backend backend = open()) {
            return backend.info().precision() == precision;
        } catch (ConfigException e) {
            return false;
        }
    }

    Backend open() {
        return provider.open(0, precision);
    }

    boolean isReference() {
        return provider.name().equals("reference");
    }

    @Override
    public String toString() {
        return provider.name() + " " + precision;
    }
}
