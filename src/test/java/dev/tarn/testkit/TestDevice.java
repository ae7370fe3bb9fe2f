package dev.tarn.testkit;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Devices;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A device of this build with one choice of what it offers, to be opened by a test. */
public record TestDevice(BackendProvider provider, BackendOptions options) {

    /** Every device that can be opened here, in every precision and with every kind of recurrent layer that it offers. */
    public static List<TestDevice> all() {
        List<TestDevice> devices = new ArrayList<>();
        for (BackendProvider provider : Devices.providers()) {
            if (provider.unavailable() != null) {
                continue;
            }
            for (Precision precision : Precision.values()) {
                for (LstmPath lstm : provider.lstmPaths()) {
                    TestDevice device = new TestDevice(provider, new BackendOptions(precision, lstm));
                    if (device.isOffered()) {
                        devices.add(device);
                    }
                }
            }
        }
        return devices;
    }

    /** The same in single precision or better. */
    public static List<TestDevice> exact() {
        return all().stream()
                .filter(device -> device.precision() == Precision.F32 || device.precision() == Precision.F64)
                .toList();
    }

    /** The one that calculates in double. */
    public static TestDevice reference() {
        return all().stream()
                .filter(TestDevice::isReference)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("this build has no reference"));
    }

    private boolean isOffered() {
        try (Backend backend = open()) {
            return backend.info().precision() == options.precision();
        } catch (ConfigException e) {
            return false;
        }
    }

    public Backend open() {
        return provider.open(0, options);
    }

    public Precision precision() {
        return options.precision();
    }

    public boolean isReference() {
        return provider.name().equals("reference");
    }

    @Override
    public String toString() {
        String name = provider.name() + " " + precision();
        return provider.lstmPaths().size() == 1
                ? name
                : name + " " + options.lstm().name().toLowerCase(Locale.ROOT);
    }
}
