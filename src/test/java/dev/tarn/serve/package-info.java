/**
 * Tests of the HTTP server over real sockets, with endpoints that do what a test tells them. What a client may do wrong has
 * its status here, and what a server may do wrong under load its bound. Nothing here needs a trained model.
 */
@NullMarked
package dev.tarn.serve;

import org.jspecify.annotations.NullMarked;
