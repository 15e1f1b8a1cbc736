/** Under `require-trusted-types-for 'script'` a page says which scripts it may start: its own. */
type Policy = { createScriptURL(url: string): string };
declare const trustedTypes: { createPolicy(name: "default", policy: Policy): unknown } | undefined;
declare const location: { readonly origin: string; readonly href: string };

if (typeof trustedTypes !== "undefined") {
  trustedTypes.createPolicy("default", {
    createScriptURL(url) {
      if (new URL(url, location.href).origin === location.origin) return url;
      throw new TypeError("a script of another origin");
    },
  });
}
