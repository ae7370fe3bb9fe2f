/**
 * The images of {@code docker/}. {@link dev.tarn.docker.ImageContract} says what an image must do, and four classes hold it
 * against that: two in a container each, with a Docker engine ({@code CpuImageIT}, {@code CudaImageIT}), and two without
 * one, in a {@link dev.tarn.docker.Sandbox} that is made from the Dockerfile ({@code CpuSandboxIT}, {@code CudaSandboxIT}).
 * What needs neither is checked on the text of the files.
 */
@NullMarked
package dev.tarn.docker;

import org.jspecify.annotations.NullMarked;
