// Shows the description of the API. Nothing is asked of any other host: not even whether the description is valid.
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
});
