package dev.tarn.backend;

import dev.tarn.ConfigException;
import dev.tarn.DeviceException;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds and opens backends by the name that a user gives: {@code cpu}, {@code cuda:N}, {@code reference} or {@code auto}.
 * Nothing falls back silently: a named device that cannot be opened is an error, and {@code auto} says what it chose and
 * why.
 */
public final class Devices {

    private static final Pattern NAME = Pattern.compile("([a-z]+)(?::(\\d{1,3}))?");

    private Devices() {}

    /** Every backend that this build knows, best first. */
    public static List<BackendProvider> providers() {
        return ServiceLoader.load(BackendProvider.class, Devices.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(BackendProvider::rank).reversed())
                .toList();
    }

    /**
     * Opens a device.
     *
     * @throws ConfigException if the name is not of the form {@code NAME[:N]} or no backend has it
     * @throws DeviceException if it cannot be opened here
     */
    public static Backend open(String device, BackendOptions options) {
        if (device.equals("auto")) {
            return auto().open(0, options);
        }
        Matcher name = NAME.matcher(device);
        if (!name.matches()) {
            throw new ConfigException(
                    "--device " + device + " is not a device name; use auto, " + names() + ", or NAME:N.");
        }
        String wanted = name.group(1);
        for (BackendProvider provider : providers()) {
            if (provider.name().equals(wanted)) {
                String unavailable = provider.unavailable();
                if (unavailable != null) {
                    throw new DeviceException("--device " + device + " cannot be used: " + unavailable);
                }
                return provider.open(name.group(2) == null ? 0 : Integer.parseInt(name.group(2)), options);
            }
        }
        throw new ConfigException("--device " + device + " is unknown; this build has " + names() + " and auto.");
    }

    /** Opens a device in a precision, with what it does best for the rest. */
    public static Backend open(String device, Precision precision) {
        return open(device, BackendOptions.of(precision));
    }

    /** The provider that {@code auto} takes, the best that can be opened here. */
    public static BackendProvider auto() {
        return providers().stream()
                .filter(provider -> provider.rank() >= 0 && provider.unavailable() == null)
                .findFirst()
                .orElseThrow(() -> new DeviceException(
                        "--device auto found no usable device; run `tarn doctor` to see what is missing."));
    }

    /** Why {@code auto} passes over devices that are better than what it takes and nearly usable: a sentence for each. */
    public static List<String> passedOver() {
        return providers().stream()
                .takeWhile(provider -> provider.rank() >= 0 && provider.unavailable() != null)
                .filter(provider -> !provider.isAbsent())
                .map(provider -> "--device auto passes " + provider.name() + " over: " + provider.unavailable())
                .toList();
    }

    private static String names() {
        return String.join(", ", providers().stream().map(BackendProvider::name).toList());
    }
}
