// Shows how far an upload is: htmx tells, and nobody else does.
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.querySelector?.("form.upload progress, progress");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = (100 * event.detail.loaded) / event.detail.total;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const bar = event.target.querySelector?.("progress");
  if (bar && event.target.matches(".upload")) bar.hidden = true;
});
